import { composeDocuments, offsetAt, plainValue, type StreamBounds } from './compose-documents.js';

/** Our own documents need far less. */
const bounds: StreamBounds = { maxDepth: 64, maxLexemes: 500_000, maxDocuments: 10_000 };
const maxValues = 500_000;
/** Errors of one document. Later ones mostly follow from the first. */
const maxErrors = 20;

/** A place in a text: lines, and columns in UTF-16 code units, from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** One document of a YAML stream: its value, or what is wrong with it. */
type YamlDocument =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** The position of the value at a JSON pointer, or of the nearest one around it. */
      readonly positionOf: (pointer: string) => TextPosition;
    }
  | { readonly ok: false; readonly errors: readonly (TextPosition & { readonly message: string })[] };

/**
 * Reads a stream as strictly as YAML 1.2 allows: unique string keys, the core schema without other tags, no merge keys,
 * few aliases. Refuses text that two readers could understand differently.
 */
export function readStrictYaml(text: string): readonly YamlDocument[] {
  const stream = composeDocuments(
    text,
    { version: '1.2', strict: true, stringKeys: true, merge: false, resolveKnownTags: false },
    bounds,
  );
  if (!stream.ok) return [{ ok: false, errors: [{ line: 1, column: 1, message: tooMuch[stream.exceeded] }] }];
  const positionAt = (offset: number): TextPosition => {
    const { line, col } = stream.lineCounter.linePos(offset);
    return { line, column: col };
  };
  return stream.documents.map((document): YamlDocument => {
    const refused = (message: string, offset: number) =>
      ({ ok: false, errors: [{ ...positionAt(offset), message }] }) as const;
    // The parser only warns of an unknown tag, and reads the value without it.
    const errors = [...document.errors, ...document.warnings]
      .slice(0, maxErrors)
      .map(({ message, pos }) => ({ ...positionAt(pos[0]), message }));
    if (errors.length > 0) return { ok: false, errors };
    // `%YAML 1.1` would bring back merge keys and `yes` for true.
    if (document.directives.yaml.version !== '1.2') return refused('must be YAML 1.2', offsetAt(document, []));
    const plain = plainValue(document, { merge: false, maxValues });
    if (!plain.ok) return refused(plain.error, plain.offset);
    const [duplicate] = plain.duplicates;
    if (duplicate) return refused('Map keys must be unique', duplicate.offset);
    const positionOf = (pointer: string) => positionAt(offsetAt(document, stepsOf(pointer)));
    return { ok: true, value: plain.value, positionOf };
  });
}

/** RFC 6901 section 4. */
const stepsOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

const tooMuch: Readonly<Record<keyof StreamBounds, string>> = {
  maxDepth: `nests deeper than ${bounds.maxDepth} levels`,
  maxDocuments: `holds more than ${bounds.maxDocuments} documents`,
  maxLexemes: `holds more than ${bounds.maxLexemes} pieces of YAML`,
};
