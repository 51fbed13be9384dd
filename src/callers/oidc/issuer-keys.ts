import { JWKSMultipleMatchingKeys } from 'jose/errors';
import { messageOf } from '@kubepass/x509';
import { BoundedMap } from '../../model/bounded-map.js';
import { quote } from '@kubepass/inspect/formats';
import { Allowance } from '../allowance.js';
import type { KeySource, IssuerKeySet } from './fetch-keys.js';
import type { SignatureAlgorithm, VerifyingKey } from './json-web-token.js';

type FoundKeys =
  /** At least one key, and the generation of the set that it is of. */
  | { readonly outcome: 'found'; readonly keys: readonly VerifyingKey[]; readonly generation: number }
  /** The provider was asked, and has no such key. */
  | { readonly outcome: 'unknown'; readonly message: string }
  /** The provider cannot be asked now. */
  | { readonly outcome: 'unavailable'; readonly message: string; readonly retryAfterSeconds: number };

interface IssuerKeysOptions {
  /** The name of the issuer in the configuration. */
  readonly name: string;
  readonly source: KeySource;
  /** How long keys are used after the last good fetch while the provider is down. */
  readonly staleKeysSeconds: number;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Milliseconds on a clock that is never set. */
  readonly now?: () => number;
}

/** Keys are fetched that often even if nobody asks for another one, so that a withdrawn key stops counting. */
const refreshSeconds = { most: 300, least: 1 };
const retryMilliseconds = { first: 1_000, most: 30_000 };
/** A good fetch is followed by the next one this much late at most. */
const graceMilliseconds = 15_000;
/** After that time the same `kid` may cause one more fetch. */
const missedMilliseconds = 30_000;
const mostMissed = 1_000;
/** Fetches because a token needs one: no minute sees more than twelve. */
const fetchesAtOnce = { most: 4, millisecondsForOne: 7_500 };

/**
 * The public keys of one identity provider. They are kept fresh in the background. A key that is not among them is
 * asked for at once, within bounds: whoever guesses names of keys costs the provider at most twelve fetches in a
 * minute.
 *
 * While the provider is down its keys go on for `staleKeysSeconds`. After that, no token of the provider can be judged.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #now: () => number;
  readonly #budget: Allowance;
  readonly #refreshMilliseconds: number;
  readonly #closing = new AbortController();
  /** When each `kid` that was not known was asked for, and after how many fetches; oldest first. */
  readonly #missed = new BoundedMap<string, { readonly at: number; readonly fetches: number }>(mostMissed);
  /** How many fetches have begun. */
  #fetches = 0;
  #keys: IssuerKeySet | null = null;
  #generation = 0;
  /** The last good fetch: how many it made, and when it ended. */
  #good = { fetches: 0, ended: -Infinity };
  /** How often fetching has failed since. */
  #failures = 0;
  #whyFailed = 'not fetched yet';
  #lastEnded = -Infinity;
  #underWay: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #nextAt = 0;
  #saidUnusable = false;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#budget = new Allowance(fetchesAtOnce, this.#now);
    const seconds = Math.min(refreshSeconds.most, options.staleKeysSeconds / 2);
    this.#refreshMilliseconds = Math.max(refreshSeconds.least, seconds) * 1000;
  }

  /** Fetches the keys, and again from time to time. Does not wait for the provider. */
  start(): void {
    this.#fetchInTime();
  }

  /** Ends the fetch under way, and begins no other. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#closing.abort();
  }

  /** Another number for each set of keys. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether the keys are young enough to be used. */
  get areUsable(): boolean {
    const age = this.#now() - this.#good.ended;
    if (age <= this.#options.staleKeysSeconds * 1000) return true;
    return this.#failures === 0 && age <= this.#refreshMilliseconds + graceMilliseconds;
  }

  /** The answer where the keys are not usable. */
  get unavailable(): Extract<FoundKeys, { readonly outcome: 'unavailable' }> {
    const message = `the keys of issuer "${this.#options.name}" are not known: ${this.#whyFailed}`;
    return { outcome: 'unavailable', message, retryAfterSeconds: this.#secondsUntil(this.#nextAt) };
  }

  /**
   * The keys that may have made a signature. The provider is asked for an unknown key; where that would be too often,
   * nobody knows whether the key exists. `keyId` null: the token names no key, and means the only key for its
   * algorithm.
   */
  async find(keyId: string | null, algorithm: SignatureAlgorithm): Promise<FoundKeys> {
    const known = await this.#known(keyId, algorithm);
    if (known !== null) return known;
    const asked = this.#firstAsked(keyId ?? '');
    // A fetch under way may have begun before the key was published, so that two are waited for.
    for (let fetches = 0; fetches <= 2; fetches += 1) {
      const hasAnswered = this.areUsable && this.#good.fetches > asked.fetches;
      const found = await this.#known(keyId, algorithm);
      if (found !== null) return found;
      if (hasAnswered) return this.#unknown(keyId, algorithm);
      const fetching = fetches === 2 ? null : (this.#underWay ?? this.#fetchAtOnce());
      if (fetching === null) break;
      await fetching;
    }
    return this.#tooSoon(keyId);
  }

  /** Null: the keys are not usable, or the token means another key. */
  async #known(keyId: string | null, algorithm: SignatureAlgorithm): Promise<FoundKeys | null> {
    const [set, generation] = [this.#keys, this.#generation];
    if (set === null || !this.areUsable) return null;
    try {
      const key = await set.find({ alg: algorithm, ...(keyId !== null && { kid: keyId }) });
      return { outcome: 'found', keys: [key], generation };
    } catch (error) {
      // No key fits, or the key that fits cannot be imported.
      if (!(error instanceof JWKSMultipleMatchingKeys)) return null;
      if (keyId === null)
        return { outcome: 'unknown', message: 'the token names no key (kid), and the issuer has several' };
      const keys: VerifyingKey[] = [];
      for await (const key of error) keys.push(key);
      return keys.length === 0 ? null : { outcome: 'found', keys, generation };
    }
  }

  #unknown(keyId: string | null, algorithm: SignatureAlgorithm): FoundKeys {
    const key = keyId === null ? 'no key' : `no key ${quote(keyId)}`;
    return { outcome: 'unknown', message: `issuer "${this.#options.name}" has ${key} for ${algorithm}` };
  }

  #tooSoon(keyId: string | null): FoundKeys {
    if (!this.areUsable) return this.unavailable;
    const key = keyId === null ? 'a key' : `key ${quote(keyId)}`;
    const why = this.#failures > 0 ? this.#whyFailed : 'too many keys were asked for';
    const message = `issuer "${this.#options.name}" cannot be asked for ${key} now: ${why}`;
    const at = Math.min(this.#nextAt, this.#now() + this.#budget.wait);
    return { outcome: 'unavailable', message, retryAfterSeconds: this.#secondsUntil(at) };
  }

  /** When this `kid` was first missed; now, where that is long ago. */
  #firstAsked(keyId: string): { readonly fetches: number } {
    const at = this.#now();
    const missed = this.#missed.get(keyId);
    if (missed !== undefined && at - missed.at < missedMilliseconds) return missed;
    const asked = { at, fetches: this.#fetches };
    this.#missed.set(keyId, asked);
    return asked;
  }

  /** Begins a fetch because a token needs it; null where that is too much. */
  #fetchAtOnce(): Promise<void> | null {
    const hasJustFailed = this.#failures > 0 && this.#now() - this.#lastEnded < retryMilliseconds.first;
    if (this.#closing.signal.aborted || hasJustFailed || !this.#budget.take()) return null;
    return this.#fetch(false);
  }

  /** Begins a fetch because the time has come. */
  #fetchInTime(): void {
    if (this.#underWay !== null) return;
    this.#budget.takeFromFull();
    void this.#fetch(true);
  }

  #fetch(anew: boolean): Promise<void> {
    clearTimeout(this.#timer);
    const fetches = (this.#fetches += 1);
    this.#nextAt = this.#now() + retryMilliseconds.first;
    const fetching = this.#options.source
      .load(anew, this.#closing.signal)
      .then(
        (keys) => {
          this.#take(keys, fetches);
        },
        (error: unknown) => {
          this.#fail(messageOf(error));
        },
      )
      .finally(() => {
        this.#underWay = null;
        this.#lastEnded = this.#now();
        this.#scheduleNext();
      });
    this.#underWay = fetching;
    return fetching;
  }

  #take(keys: IssuerKeySet, fetches: number): void {
    const { name, log } = this.#options;
    const isOther = keys.digest !== this.#keys?.digest;
    const isFirst = this.#keys === null;
    this.#keys = keys;
    if (isOther) this.#generation += 1;
    this.#good = { fetches, ended: this.#now() };
    if (isOther || this.#failures > 0)
      log.info({ issuer: name, keys: keys.size }, isFirst ? 'the keys of an issuer are there' : changed(isOther));
    if (isOther) for (const why of keys.unused) log.warn({ issuer: name, why }, 'an issuer has a key that is not used');
    if (isOther && keys.size === 0) log.warn({ issuer: name }, 'an issuer has no key: none of its tokens gets in');
    this.#failures = 0;
    this.#saidUnusable = false;
  }

  #fail(why: string): void {
    if (this.#closing.signal.aborted) return;
    const { name, log } = this.#options;
    this.#failures += 1;
    this.#whyFailed = why;
    if (this.#failures === 1)
      log.warn({ issuer: name, why }, 'the keys of an issuer cannot be fetched: it is tried again');
    if (this.areUsable || this.#saidUnusable) return;
    this.#saidUnusable = true;
    log.error({ issuer: name, why }, 'the keys of an issuer are not known, or too old: its tokens are answered 503');
  }

  #scheduleNext(): void {
    if (this.#closing.signal.aborted) return;
    const { first, most } = retryMilliseconds;
    const milliseconds =
      this.#failures === 0 ? this.#refreshMilliseconds : Math.min(most, first * 2 ** Math.min(this.#failures - 1, 10));
    this.#nextAt = this.#now() + milliseconds;
    this.#timer = setTimeout(() => {
      this.#fetchInTime();
    }, milliseconds).unref();
  }

  #secondsUntil(at: number): number {
    return Math.max(1, Math.ceil((at - this.#now()) / 1000));
  }
}

const changed = (isOther: boolean): string =>
  isOther ? 'an issuer has other keys' : 'the keys of an issuer can be fetched again';
