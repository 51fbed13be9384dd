import { BoundedMap } from '../model/bounded-map.js';

/** How many credentials are remembered as recorded: more than a service has in use at a time. */
const mostRemembered = 10_000;

/** Records when a credential was used. No call waits for that, and no call fails by that. */
export class RecordedUses {
  /** In milliseconds, by the credential. */
  readonly #recorded = new BoundedMap<string, number>(mostRemembered);

  /** `interval`: milliseconds. A use that comes sooner after a recorded use of the credential is not recorded. */
  constructor(
    private readonly record: (id: string, at: Date) => Promise<unknown>,
    private readonly interval: number,
  ) {}

  /** `recordedAt`: the use that the database knows of; null: it knows of none. */
  note(id: string, recordedAt: Date | null, now: Date): void {
    const last = Math.max(recordedAt?.getTime() ?? -Infinity, this.#recorded.get(id) ?? -Infinity);
    if (now.getTime() - last < this.interval) return;
    this.#recorded.set(id, now.getTime());
    void this.record(id, now).catch(() => undefined);
  }

  forget(id: string): void {
    this.#recorded.delete(id);
  }
}
