/** Says whether there is room for more of what is under way: of everybody together, and of each name. */
export class Shares {
  #total = 0;
  readonly #ofNames = new Map<string, number>();

  constructor(
    private readonly most: number,
    private readonly mostOfName: number,
  ) {}

  /** False where there is no room. `apart`: it has the room of its name alone, which nobody else takes. */
  take(name: string, amount: number, apart = false): boolean {
    const ofName = (this.#ofNames.get(name) ?? 0) + amount;
    const total = this.#total + (apart ? 0 : amount);
    if (ofName > this.mostOfName || total > this.most) return false;
    this.#ofNames.set(name, ofName);
    this.#total = total;
    return true;
  }

  /** Gives back what was taken, or a part of it. */
  give(name: string, amount: number, apart = false): void {
    const left = (this.#ofNames.get(name) ?? 0) - amount;
    if (left > 0) this.#ofNames.set(name, left);
    else this.#ofNames.delete(name);
    if (!apart) this.#total -= amount;
  }
}
