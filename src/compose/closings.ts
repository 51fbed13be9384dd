/** Closes the parts that are open, the last one first. */
export class Closings {
  readonly #closings: (() => Promise<void> | void)[] = [];

  push(close: () => Promise<void> | void): void {
    this.#closings.push(close);
  }

  /** Closes each part once, however often it is called. */
  async close(): Promise<void> {
    for (const close of this.#closings.splice(0).reverse()) await close();
  }
}
