import { composeDocuments, plainValue, type StreamBounds } from './compose-documents.js';

/** Our own documents need far less. */
const bounds: StreamBounds = { maxDepth: 64, maxLexemes: 500_000, maxDocuments: 10_000 };
const maxValues = 500_000;
/** Errors of one document. Later ones mostly follow from the first. */
const maxErrors = 20;

/** One document of a YAML stream: its value, or what is wrong with it. */
type YamlDocument =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly errors: readonly string[] };

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
  if (!stream.ok) return [{ ok: false, errors: [tooMuch[stream.exceeded]] }];
  const lineOf = (offset: number): number => stream.lineCounter.linePos(offset).line;
  return stream.documents.map((document): YamlDocument => {
    // The parser only warns of an unknown tag, and reads the value without it.
    const errors = [...document.errors, ...document.warnings]
      .slice(0, maxErrors)
      .map(({ message, pos }) => `${message} (line ${lineOf(pos[0])})`);
    // `%YAML 1.1` would bring back merge keys and `yes` for true.
    if (document.directives.yaml.version !== '1.2') errors.push('must be YAML 1.2');
    if (errors.length > 0) return { ok: false, errors };
    const plain = plainValue(document, { merge: false, maxValues });
    if (!plain.ok) return { ok: false, errors: [plain.error] };
    const [duplicate] = plain.duplicates;
    if (duplicate) return { ok: false, errors: [`Map keys must be unique (line ${lineOf(duplicate.offset)})`] };
    return { ok: true, value: plain.value };
  });
}

const tooMuch: Readonly<Record<keyof StreamBounds, string>> = {
  maxDepth: `nests deeper than ${bounds.maxDepth} levels`,
  maxDocuments: `holds more than ${bounds.maxDocuments} documents`,
  maxLexemes: `holds more than ${bounds.maxLexemes} pieces of YAML`,
};
