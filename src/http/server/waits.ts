/** The calls that wait, by their own wish or for a third party: so many at most, and half as many of one name. */
export class Waits {
  /** How each of them is ended, by name; the oldest first. */
  readonly #ofNames = new Map<string, Set<() => void>>();
  #count = 0;

  constructor(private readonly most: number) {}

  /** Counts one more, and ends the oldest one of the name where that has too many, else of the name that has most. */
  join(name: string, end: () => void): void {
    const own = this.#ofNames.get(name) ?? new Set();
    if (own.size >= Math.ceil(this.most / 2)) this.#endOldest(name, own);
    else if (this.#count >= this.most) {
      const [[crowded, most]] = [...this.#ofNames].sort(([, one], [, other]) => other.size - one.size) as [
        [string, Set<() => void>],
      ];
      this.#endOldest(crowded, most);
    }
    this.#ofNames.set(name, own.add(end));
    this.#count += 1;
  }

  leave(name: string, end: () => void): void {
    const own = this.#ofNames.get(name);
    if (!own?.delete(end)) return;
    this.#count -= 1;
    if (own.size === 0) this.#ofNames.delete(name);
  }

  endAll(): void {
    for (const [name, own] of this.#ofNames) for (const end of own) this.#endOldest(name, new Set([end]));
  }

  #endOldest(name: string, [end]: Iterable<() => void>): void {
    if (end === undefined) return;
    this.leave(name, end);
    end();
  }
}
