/** How long it is believed that nobody uses the directory, in milliseconds. Another replica may begin to. */
const believedMilliseconds = 1_000;

/** Whether there is anybody in the directory. Until there is, decisions cost no look-up. */
export class DirectoryUse {
  #isUsed = false;
  #lookedAt = -Infinity;

  constructor(private readonly isInUse: () => Promise<boolean>) {}

  /** Called when this process puts somebody into it. */
  begin(): void {
    this.#isUsed = true;
  }

  async isUsed(): Promise<boolean> {
    const now = performance.now();
    if (this.#isUsed || now - this.#lookedAt < believedMilliseconds) return this.#isUsed;
    const isUsed = await this.isInUse();
    this.#lookedAt = now;
    return (this.#isUsed ||= isUsed);
  }
}
