import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { may } from '../callers/permissions.js';
import { type ChangeKind, changedKinds, changeKinds, type Standing } from '../model/change.js';
import type { Principal } from '../model/principal.js';
import type { Store } from '../store/store.js';

const ownKinds: readonly ChangeKind[] = ['certificate-requests', 'certificates', 'sessions'];
const mostWaiting = 4;
const roundMilliseconds = 1_000;
/** A caller who is further behind is told of everything. */
const eventsKept = 2_000;

/**
 * Tells callers that something changed which they may read, and of nothing else. It follows the audit log, so other
 * processes take part, and cursors hold over restarts and on every replica.
 */
export class Changes {
  #now: Standing = { seq: -Infinity, webhooks: 0 };
  /** The last ones, in order. */
  #events: Awaited<ReturnType<Store['changes']['between']>> = [];
  readonly #waiting = new Set<Readonly<{ credentialId: string; end: () => void }>>();
  #look: Promise<unknown> = Promise.resolve();
  #nextLook: Promise<void> | null = null;
  #nextRound: Promise<void> | null = null;
  #roundAt = 0;
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
    const changed = after === null ? [] : this.#changed(principal, this.#open(after));
    return { cursor: this.#seal(this.#now), changed };
  }

  /**
   * Resolves at the next second in which something has changed behind the cursor; or when the time is over, the same
   * credential waits too often, or `givenUp` says so.
   */
  async wait(principal: Principal, after: string, seconds: number, givenUp: AbortSignal): Promise<void> {
    if (givenUp.aborted) return;
    const { credentialId } = principal;
    const from = this.#open(after);
    const { promise: ended, resolve } = Promise.withResolvers<undefined>();
    const end = () => resolve(void this.#waiting.delete(waiting));
    const waiting = { credentialId, end };
    const same = [...this.#waiting].filter((one) => one.credentialId === credentialId);
    if (same.length >= mostWaiting) same[0]?.end();
    this.#waiting.add(waiting);
    const timer = setTimeout(end, seconds * 1000);
    givenUp.addEventListener('abort', end);
    do await Promise.race([ended, (this.#nextRound ??= this.#round())]);
    while (this.#waiting.has(waiting) && this.#changed(principal, from).length === 0);
    clearTimeout(timer);
    end();
  }

  /** All who wait look together, a second after the last time at the earliest. */
  async #round(): Promise<void> {
    await pause(Math.max(0, this.#roundAt + roundMilliseconds - performance.now()), undefined, { ref: false });
    this.#roundAt = performance.now();
    this.#nextRound = null;
    // Where the database does not answer now, it may at the next look.
    await this.#lookAgain().catch(() => undefined);
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
    const first = now.seq - eventsKept;
    const events = await this.table.between(Math.max(this.#now.seq, first), now.seq);
    this.#events = [...this.#events.filter(({ seq }) => seq > first), ...events];
    this.#now = now;
  }

  #changed(principal: Principal, from: Standing | null): readonly ChangeKind[] {
    const { seq: last, webhooks } = this.#now;
    const isKnown = from !== null && from.seq >= last - eventsKept && from.seq <= last;
    const events = isKnown ? this.#events.slice(this.#events.findLastIndex(({ seq }) => seq <= from.seq) + 1) : [];
    return changedKinds.filter((kind) => {
      const readsAll = may(principal, changeKinds[kind].action);
      const mayBeOwn = ownKinds.includes(kind);
      if (!isKnown) return readsAll || mayBeOwn;
      if (kind === 'webhook-deliveries') return readsAll && from.webhooks !== webhooks;
      // The answer names kinds and no records. A caller who then reads the records gets only their own.
      // eslint-disable-next-line no-restricted-syntax
      const mayRead = (names: readonly string[]) => readsAll || (mayBeOwn && names.includes(principal.name));
      return events.some(({ kinds, names }) => kinds.includes(kind) && mayRead(names));
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
