import type { Place } from './place.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST = 0x5b;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const END_OF_TEXT = -1;

/** How much a JSON text may hold. */
export interface ValueBounds {
  /** Objects and lists within one another. */
  readonly maxDepth: number;
  /** Values of every kind, counted by commas and opening brackets. */
  readonly maxValues: number;
  /** Members of one object; default: as many as there may be values. */
  readonly maxMembers?: number;
}

const unbounded: ValueBounds = { maxDepth: Infinity, maxValues: Infinity };

export class ValueBoundError extends Error {
  constructor(readonly exceeded: 'maxDepth' | 'maxValues') {
    super(exceeded);
  }
}

/** An object or list that is open, and the member or index at which the scanner stands. */
interface Frame {
  /** The names so far; null in a list. */
  readonly names: Set<string> | null;
  step: string | number;
}

/**
 * Steps through the structure of a JSON text without parsing it and without recursion. Long strings are passed over at
 * once. Whether the text is proper JSON, only `JSON.parse` decides.
 */
export class JsonScanner {
  /** Where the next token is looked for. */
  position = 0;
  #stringStart = 0;
  #values = 0;

  constructor(
    private readonly text: string,
    private readonly bounds: ValueBounds = unbounded,
  ) {}

  /** The next of `{}[],:` or `"` for a whole string, as character code. A string that is cut off ends with the text. */
  nextToken(): number {
    const { text } = this;
    for (let i = this.position; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      switch (code) {
        case QUOTE:
          this.#stringStart = i;
          this.position = endOfString(text, i) + 1;
          return code;
        case COMMA:
        case COLON:
        case LIST:
        case LIST_END:
        case OBJECT:
        case OBJECT_END:
          this.position = i + 1;
          return code;
        default:
          break;
      }
    }
    this.position = text.length;
    return END_OF_TEXT;
  }

  /**
   * Passes over one object or list, or over the rest of the text where it does not end; answers whether it ends. Adds
   * the place of each member that an object gives once more, and stops after `mostDuplicates`. Throws
   * `ValueBoundError`.
   */
  passValue(duplicates: Place[], mostDuplicates = Infinity): boolean {
    const open: Frame[] = [];
    let frame: Frame | undefined;
    let nameComes = false;
    for (;;) {
      const token = this.nextToken();
      switch (token) {
        case OBJECT:
        case LIST:
          this.#count();
          if (open.length === this.bounds.maxDepth) throw new ValueBoundError('maxDepth');
          nameComes = token === OBJECT;
          frame = nameComes ? { names: new Set(), step: '' } : { names: null, step: 0 };
          open.push(frame);
          break;
        case OBJECT_END:
        case LIST_END:
          open.pop();
          if (open.length === 0) return true;
          frame = open.at(-1);
          nameComes = false;
          break;
        case COMMA:
          this.#count();
          nameComes = frame?.names instanceof Set;
          if (typeof frame?.step === 'number') frame.step += 1;
          break;
        case QUOTE:
          if (nameComes && frame?.names) {
            const name = this.#string();
            frame.step = name;
            if (frame.names.has(name)) {
              duplicates.push(open.map(({ step }) => step));
              if (duplicates.length === mostDuplicates) return false;
            }
            frame.names.add(name);
            if (frame.names.size > (this.bounds.maxMembers ?? Infinity)) throw new ValueBoundError('maxValues');
            nameComes = false;
          }
          break;
        case END_OF_TEXT:
          return false;
        default:
          break;
      }
    }
  }

  #count(): void {
    this.#values += 1;
    if (this.#values > this.bounds.maxValues) throw new ValueBoundError('maxValues');
  }

  /** The value of the string that was passed last. Throws `SyntaxError` where it is none. */
  #string(): string {
    const { text, position } = this;
    const start = this.#stringStart + 1;
    const end = position - 1;
    // One without escapes, and without what may not stand in a string (RFC 8259 7), stands for itself.
    for (let i = start; i < end; i += 1) {
      const code = text.charCodeAt(i);
      if (code === BACKSLASH || code < 0x20) return JSON.parse(text.slice(start - 1, position)) as string;
    }
    if (position > text.length) throw new SyntaxError('a string is cut off');
    return text.slice(start, end);
  }
}

/** Where the string that begins at `start` ends; the end of the text where it does not. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote;
}

function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
  return (quote - first) % 2 === 1;
}

/**
 * The first member name that some object of a JSON text gives twice; null where none does. Software differs in which of
 * the two counts (RFC 8259 4), so such a body is ambiguous. Throws `ValueBoundError`, so that a text with too much in
 * it is not parsed, and `SyntaxError` for some texts that are no JSON.
 */
export function duplicateMember(text: string, bounds?: ValueBounds): string | null {
  const duplicates: Place[] = [];
  new JsonScanner(text, bounds).passValue(duplicates, 1);
  return (duplicates[0]?.at(-1) as string | undefined) ?? null;
}

/**
 * Whether a JSON text writes a lone surrogate as an escape, which stands for no character: RFC 8259 8.2 leaves its
 * meaning open, UTF-8 cannot hold it and RFC 8785 has no form for it. `text` must have been parsed already.
 */
export const hasLoneSurrogate = (text: string): boolean =>
  // An escaped backslash may stand before a `u` that begins no escape.
  surrogateEscape.test(text) && loneEscape.test(text.replaceAll('\\\\', ' '));

const surrogateEscape = /\\u[dD][89a-fA-F]/;

const high = '\\\\u[dD][89abAB][0-9a-fA-F]{2}';
const low = '\\\\u[dD][c-fC-F][0-9a-fA-F]{2}';
const loneEscape = new RegExp(`${high}(?!${low})|(?<!${high})${low}`);
