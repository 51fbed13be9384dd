import { BoundedMap } from '../model/bounded-map.js';
import { setTimeout } from 'node:timers/promises';
import { hash } from 'node:crypto';

/** How long a change by another process may go unnoticed here. */
const cacheMilliseconds = 5_000;
const cacheSize = 1_000;
/** How many secrets one question to the database is about at most, and how many questions are under way. */
const most = { together: 256, questions: 4 };
/** After a question about a guess, the next one is about all that have come meanwhile. */
const pauseMilliseconds = 5;

/** Finds by the SHA-256 of secrets, lower-case hex. */
export interface SecretReader<Found> {
  /** The tokens or sessions with these secrets, live or not, by the SHA-256. A secret that nobody has is left out. */
  findBySecretSha256s(secretSha256s: readonly string[]): Promise<ReadonlyMap<string, Found>>;
}

type Waiting<Found> = PromiseWithResolvers<Found | null> & { readonly key: string };

/**
 * Finds what a secret, or an id, stands for. A record that was found is believed for at most 5 seconds, unless this
 * process changes it: `forget` acts at once. Secrets that come together are looked up together: so a guess costs
 * little, and whoever has a good secret waits for a moment, however many guesses come with it.
 */
export class SecretLookUp<Found extends { readonly id: string }> {
  readonly #found = new BoundedMap<string, { readonly record: Found; readonly readAt: number }>(cacheSize);
  /** Counts changes, so that a row that was read before one is not kept after it. */
  #changes = 0;
  /** In the order in which they came. */
  readonly #waiting: Waiting<Found>[] = [];
  #questions = 0;
  #pause = Promise.resolve();

  constructor(
    /** The records with these keys, live or not, by the key. A key that nothing has is left out. */
    private readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Found>>,
    private readonly clock: () => Date,
  ) {}

  /** The record, live or not; null where there is none. */
  async find(key: string): Promise<Found | null> {
    const readAt = this.clock().getTime();
    const kept = this.#found.get(key);
    // A clock that was set back makes the age negative, and the entry worthless.
    if (kept && readAt >= kept.readAt && readAt - kept.readAt < cacheMilliseconds) return kept.record;
    this.#found.delete(key);

    const changes = this.#changes;
    const waiting = { key, ...Promise.withResolvers<Found | null>() };
    this.#waiting.push(waiting);
    if (this.#questions < most.questions) void this.#lookUp();
    const record = await waiting.promise;
    if (record === null || changes !== this.#changes) return record;
    this.#found.set(key, { record, readAt });
    return record;
  }

  /** Called when a record has been changed, before that is answered. */
  forget(id: string): void {
    this.#changes += 1;
    for (const [key, { record }] of this.#found) if (record.id === id) this.#found.delete(key);
  }

  /** Looks up those that wait, and then those that have come meanwhile. */
  async #lookUp(): Promise<void> {
    this.#questions += 1;
    for (;;) {
      await this.#pause;
      const asked = this.#waiting.splice(0, most.together);
      if (asked.length === 0) break;
      try {
        const found = await this.read(padded(asked.map(({ key }) => key)));
        if (asked.some(({ key }) => !found.has(key))) this.#pause = setTimeout(pauseMilliseconds);
        for (const { key, resolve } of asked) resolve(found.get(key) ?? null);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.#questions -= 1;
  }
}

/** A database prepares a statement for each length, so there are few: the last one is repeated up to a power of two. */
const padded = (keys: readonly string[]): readonly string[] => [
  ...keys,
  ...Array.from({ length: 2 ** Math.ceil(Math.log2(keys.length)) - keys.length }, () => keys.at(-1) ?? ''),
];

const apiTokenPrefix = 'kubepass_';

/** 256 bits as base64url; the prefix lets scanners for leaked secrets find it. */
const apiTokenGrammar = /^kubepass_[A-Za-z0-9_-]{43}$/;

export function newApiTokenSecret(random: (octets: number) => Buffer): string {
  return apiTokenPrefix + random(32).toString('base64url');
}

export function isApiTokenSecret(text: string): boolean {
  return apiTokenGrammar.test(text);
}

/**
 * The hash that a secret is kept and found by, lower-case hex. A secret of 256 random bits needs no salt and no slow
 * hash. The time of the look-up on an index tells a caller nothing, because nobody can choose the hash of a guess.
 */
export function secretSha256(secret: string): string {
  return hash('sha256', secret, 'hex');
}

/** 256 bits as base64url, and no padding: a cookie value as it is (RFC 6265 section 4.1.1). */
const sessionGrammar = /^[A-Za-z0-9_-]{43}$/;

export const newSessionSecret = (random: (octets: number) => Buffer): string => random(32).toString('base64url');

export const isSessionSecret = (text: string): boolean => sessionGrammar.test(text);
