import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { may } from '../identity/permissions.js';
import { type ChangeKind, changeKinds, type Standing } from '../model/change.js';
import type { Principal } from '../model/principal.js';
import type { Store } from '../store/store.js';

const kinds = Object.keys(changeKinds) as readonly ChangeKind[];
const ownKinds: readonly ChangeKind[] = ['certificate-requests', 'certificates', 'sessions'];
const mostWaiting = 4;
const roundMilliseconds = 1_000;
/** The first look goes back by so many events. A caller who is further behind is told of everything. */
const eventsBack = 1_000;
const most = { events: 10_000, names: 20_000 };

interface Waiting {
  readonly principal: Principal;
  readonly from: Standing | null;
  readonly end: () => void;
}

/**
 * Tells callers that something changed which they may read, and of nothing else. It follows the audit log, so other
 * processes take part, and cursors hold over restarts and on every replica.
 */
export class Changes {
  #now: Standing = { seq: -Infinity, webhooks: 0 };
  /** Nothing is known of the events up to this one. */
  #unknown = 0;
  /** The last event that changed a kind: under the name of each person whose it is, and for those who read all. */
  readonly #last = { all: new Map<ChangeKind, number>(), own: new Map<string, Map<ChangeKind, number>>() };
  readonly #waiting = new Set<Waiting>();
  #look: Promise<unknown> = Promise.resolve();
  #nextLook: Promise<void> | null = null;
  #isFollowing = false;
  readonly #key: Buffer;

  /** `instance`: the id of the log. */
  constructor(
    private readonly table: Store['changes'],
    instance: string,
    private readonly random: (octets: number) => Buffer,
  ) {
    this.#key = Buffer.from(hash('sha256', `changes ${instance}`), 'hex').subarray(0, 16);
  }

  /** The kinds that changed behind the cursor; `after` null: none. */
  async read(principal: Principal, after: string | null) {
    await this.#lookAgain();
    return {
      cursor: this.#seal(this.#now),
      changed: after === null ? [] : this.#changed(principal, this.#open(after)),
    };
  }

  /**
   * Resolves at the next second in which something has changed behind the cursor; or when the time is over, the same
   * credential waits too often, or `givenUp` says so.
   */
  async wait(principal: Principal, after: string, seconds: number, givenUp: AbortSignal): Promise<void> {
    const from = this.#open(after);
    if (!this.#isKnown(from)) await this.#lookAgain();
    if (!this.#isKnown(from) || givenUp.aborted) return;
    const { promise, resolve: end } = Promise.withResolvers<undefined>();
    const same = [...this.#waiting].filter((one) => one.principal.credentialId === principal.credentialId);
    if (same.length >= mostWaiting) same[0]?.end();
    const waiting = { principal, from, end: () => end(undefined) };
    this.#waiting.add(waiting);
    const timer = setTimeout(waiting.end, seconds * 1000);
    givenUp.addEventListener('abort', waiting.end);
    if (!this.#isFollowing) void this.#follow();
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(waiting);
  }

  async #follow(): Promise<void> {
    this.#isFollowing = true;
    while (this.#waiting.size > 0) {
      // Where the database does not answer now, it may at the next look.
      await this.#lookAgain().catch(() => undefined);
      for (const { principal, from, end } of this.#waiting) if (this.#changed(principal, from).length > 0) end();
      await pause(roundMilliseconds, undefined, { ref: false });
    }
    this.#isFollowing = false;
  }

  /** Callers who come during a look share the next one, which sees whatever they have seen. */
  #lookAgain(): Promise<void> {
    return (this.#nextLook ??= this.#look.then(() => {
      this.#nextLook = null;
      const look = this.#readOn();
      this.#look = look.catch(() => undefined);
      return look;
    }));
  }

  async #readOn(): Promise<void> {
    const now = await this.table.standing();
    let known = this.#now.seq;
    if (now.seq - known > most.events || this.#last.own.size > most.names) {
      known = this.#unknown = Math.max(0, now.seq - eventsBack);
      this.#last.own.clear();
    }
    const events = await this.table.between(known, now.seq);
    for (const { seq, types, isOfRequest, names } of events) {
      const isChanged = (kind: ChangeKind) => types.some((type) => changeKinds[kind].events?.test(type));
      for (const kind of kinds.filter((one) => (one === 'certificate-requests' ? isOfRequest : isChanged(one)))) {
        this.#last.all.set(kind, seq);
        for (const name of ownKinds.includes(kind) ? names : [])
          this.#last.own.set(name, (this.#last.own.get(name) ?? new Map<ChangeKind, number>()).set(kind, seq));
      }
    }
    this.#now = now;
  }

  #isKnown = (from: Standing | null): from is Standing =>
    from !== null && from.seq >= this.#unknown && from.seq <= this.#now.seq;

  #changed(principal: Principal, from: Standing | null): readonly ChangeKind[] {
    return kinds.filter((kind) => {
      const readsAll = may(principal, changeKinds[kind].action);
      if (!this.#isKnown(from)) return readsAll || ownKinds.includes(kind);
      if (kind === 'webhook-deliveries') return readsAll && from.webhooks !== this.#now.webhooks;
      return ((readsAll ? this.#last.all : this.#last.own.get(principal.name))?.get(kind) ?? 0) > from.seq;
    });
  }

  /**
   * One block of AES, with 4 octets that differ each time: neither the number of an event nor the difference between
   * two cursors tells anybody how much others do.
   */
  #seal({ seq, webhooks }: Standing): string {
    const block = Buffer.concat([Buffer.alloc(10), this.random(4), Buffer.alloc(2)]);
    block.writeUInt32BE(webhooks, block.writeUIntBE(seq, 0, 6));
    return createCipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false).update(block).toString('base64url');
  }

  /** Null where nobody on this database has sealed it. */
  #open(cursor: string): Standing | null {
    const sealed = Buffer.from(cursor, 'base64url');
    if (sealed.length !== 16) return null;
    const block = createDecipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false).update(sealed);
    return block.readUInt16BE(14) === 0 ? { seq: block.readUIntBE(0, 6), webhooks: block.readUInt32BE(6) } : null;
  }
}
