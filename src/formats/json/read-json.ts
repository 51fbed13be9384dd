import type { Place } from './place.js';

export interface JsonBounds {
  readonly maxDepth: number;
  /** Values of every kind. */
  readonly maxValues: number;
  readonly maxDocuments: number;
}

export type JsonTexts =
  | {
      readonly ok: true;
      readonly documents: readonly {
        readonly value: unknown;
        readonly duplicates: readonly { readonly place: Place }[];
        /** Characters of the text. */
        readonly length: number;
      }[];
    }
  | { readonly ok: false; readonly exceeded: keyof JsonBounds | null };

/**
 * Reads one or more JSON objects or arrays, one after the other, and notes which member names an object gives twice:
 * `JSON.parse` takes the last one, and so does kubectl. `exceeded` null: it is no JSON.
 */
export function readJson(text: string, bounds: JsonBounds): JsonTexts {
  const scanner = new JsonScanner(text, bounds);
  const documents = [];
  try {
    for (let found = scanner.next(); found !== null; found = scanner.next()) {
      if (documents.length >= bounds.maxDocuments) throw new TooMuchError('maxDocuments');
      documents.push({
        value: JSON.parse(found.text) as unknown,
        duplicates: found.duplicates,
        length: found.text.length,
      });
    }
  } catch (error) {
    if (error instanceof TooMuchError) return { ok: false, exceeded: error.exceeded };
    if (error instanceof SyntaxError) return { ok: false, exceeded: null };
    throw error;
  }
  return documents.length > 0 ? { ok: true, documents } : { ok: false, exceeded: null };
}

class TooMuchError extends Error {
  constructor(readonly exceeded: keyof JsonBounds) {
    super(exceeded);
  }
}

/** An object or array that is open. */
interface Frame {
  /** The names seen; null in an array. */
  readonly names: Set<string> | null;
  step: string | number;
}

/** Finds where each JSON text ends without recursion, so that nothing is parsed that nests too deep. */
class JsonScanner {
  #position = 0;
  #values = 0;

  constructor(
    private readonly text: string,
    private readonly bounds: JsonBounds,
  ) {}

  /** The next object or array; null at the end. Whether it is proper, `JSON.parse` decides. */
  next(): { readonly text: string; readonly duplicates: readonly { readonly place: Place }[] } | null {
    const { text } = this;
    let i = this.#position;
    while (i < text.length && ' \t\r\n'.includes(text.charAt(i))) i += 1;
    if (i === text.length) return null;
    if (text[i] !== '{' && text[i] !== '[') throw new SyntaxError('an object or array is expected');

    const start = i;
    const open: Frame[] = [];
    const duplicates: { readonly place: Place }[] = [];
    let nameComes = false;
    for (; i < text.length; i += 1) {
      const frame = open.at(-1);
      switch (text[i]) {
        case '{':
        case '[':
          this.#spend();
          if (open.length === this.bounds.maxDepth) throw new TooMuchError('maxDepth');
          nameComes = text[i] === '{';
          open.push(nameComes ? { names: new Set(), step: '' } : { names: null, step: 0 });
          break;
        case '}':
        case ']':
          open.pop();
          nameComes = false;
          if (open.length === 0) {
            this.#position = i + 1;
            return { text: text.slice(start, i + 1), duplicates };
          }
          break;
        case ',':
          this.#spend();
          nameComes = frame?.names instanceof Set;
          if (frame && typeof frame.step === 'number') frame.step += 1;
          break;
        case '"': {
          const end = this.#endOfString(i);
          if (nameComes && frame?.names) {
            const name = JSON.parse(text.slice(i, end + 1)) as string;
            frame.step = name;
            if (frame.names.has(name)) duplicates.push({ place: open.map(({ step }) => step) });
            frame.names.add(name);
            nameComes = false;
          }
          i = end;
          break;
        }
        default:
          break;
      }
    }
    throw new SyntaxError('the text is cut off');
  }

  #spend(): void {
    this.#values += 1;
    if (this.#values > this.bounds.maxValues) throw new TooMuchError('maxValues');
  }

  #endOfString(start: number): number {
    let i = start + 1;
    while (this.text[i] !== '"') {
      if (i >= this.text.length) throw new SyntaxError('a string is cut off');
      i += this.text[i] === '\\' ? 2 : 1;
    }
    return i;
  }
}
