import { JsonScanner, type ValueBounds, ValueBoundError } from './json-scanner.js';
import type { Place } from './place.js';

export interface JsonBounds extends ValueBounds {
  readonly maxDocuments: number;
}

/** A document of a stream. */
export interface ParsedDocument {
  readonly value: unknown;
  /** Members that their object has already given. */
  readonly duplicates: readonly { readonly place: Place }[];
  /** Characters of the text. */
  readonly length: number;
}

type JsonDocuments =
  | { readonly ok: true; readonly documents: readonly ParsedDocument[] }
  /** `exceeded` null: it is no JSON. */
  | { readonly ok: false; readonly exceeded: Exclude<keyof JsonBounds, 'maxMembers'> | null };

/**
 * Reads one or more JSON objects or lists, one after the other, and notes the members that an object gives twice:
 * `JSON.parse` takes the last one, and so does kubectl. Nothing that goes past the bounds is parsed.
 */
export function readJson(text: string, bounds: JsonBounds): JsonDocuments {
  const scanner = new JsonScanner(text, bounds);
  const documents: ParsedDocument[] = [];
  try {
    for (;;) {
      blanks.lastIndex = scanner.position;
      blanks.exec(text);
      const start = (scanner.position = blanks.lastIndex);
      if (start === text.length) break;
      if (text[start] !== '{' && text[start] !== '[') throw new SyntaxError('an object or list is expected');
      const duplicates: Place[] = [];
      if (!scanner.passValue(duplicates)) throw new SyntaxError('the text is cut off');
      if (documents.length >= bounds.maxDocuments) return { ok: false, exceeded: 'maxDocuments' };
      const document = text.slice(start, scanner.position);
      documents.push({
        value: JSON.parse(document) as unknown,
        duplicates: duplicates.map((place) => ({ place })),
        length: document.length,
      });
    }
  } catch (error) {
    if (error instanceof ValueBoundError) return { ok: false, exceeded: error.exceeded };
    if (error instanceof SyntaxError) return { ok: false, exceeded: null };
    throw error;
  }
  return documents.length > 0 ? { ok: true, documents } : { ok: false, exceeded: null };
}

const blanks = /[ \t\r\n]*/y;
