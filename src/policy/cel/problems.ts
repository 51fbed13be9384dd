/** Where in an expression something is wrong, in UTF-16 code units from 0. */
export interface Place {
  readonly start: number;
}

/** Collects what is wrong with an expression, each with its line and column from 1. */
export class Problems {
  private readonly found: { readonly start: number; readonly message: string }[] = [];

  constructor(private readonly text: string) {}

  add(place: Place, message: string): void {
    this.found.push({ start: place.start, message });
  }

  get any(): boolean {
    return this.found.length > 0;
  }

  /** In the order of the text. */
  get messages(): readonly string[] {
    const inOrder = [...this.found].sort((a, b) => a.start - b.start);
    return inOrder.map(({ start, message }) => {
      const before = this.text.slice(0, start).split('\n');
      return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: ${message}`;
    });
  }
}
