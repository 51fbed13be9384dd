/** Counts how much is under way, for everybody together and for each name, and says whether there is room for more. */
export class Shares {
  #total = 0;
  readonly #ofNames = new Map<string, number>();

  constructor(
    private readonly most: number,
    private readonly mostOfName: number,
  ) {}

  /** False where there is no room. A negative amount gives back what was taken, or a part of it. */
  take(name: string, amount: number): boolean {
    const ofName = (this.#ofNames.get(name) ?? 0) + amount;
    const total = this.#total + amount;
    if (amount > 0 && (ofName > this.mostOfName || total > this.most)) return false;
    if (ofName > 0) this.#ofNames.set(name, ofName);
    else this.#ofNames.delete(name);
    this.#total = total;
    return true;
  }
}
