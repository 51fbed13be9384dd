import { LineCounter, Lexer, Parser, parseAllDocuments } from 'yaml';

/** Collections within collections; far more than a policy needs. */
const maxDepth = 64;
/** Of errors in one document; the later ones mostly follow from the first. */
const maxErrors = 20;

/** One document of a YAML stream: its value, or what is wrong with it. */
export type YamlDocument =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly errors: readonly string[] };

/**
 * The documents of a stream, as strictly as YAML 1.2 can be read: unique string keys, the core schema and no other
 * tags, no merge keys, few aliases. What two readers could take for two things is refused.
 */
export function readYamlDocuments(text: string): readonly YamlDocument[] {
  if (nestsTooDeep(text)) return [{ ok: false, errors: [`nests deeper than ${maxDepth} levels`] }];
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false, // quotes the source, and searches it for every error
    version: '1.2',
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
  });
  return Array.from(documents, (document): YamlDocument => {
    // An unknown tag is only a warning to the parser, and its value is read as if the tag were not there.
    const errors = [...document.errors, ...document.warnings]
      .slice(0, maxErrors)
      .map(({ message, pos }) => `${message} (line ${lineCounter.linePos(pos[0]).line})`);
    // `%YAML 1.1` would bring back merge keys and `yes` for true.
    if (document.directives.yaml.version !== '1.2') errors.push('must be YAML 1.2');
    if (errors.length > 0) return { ok: false, errors };
    try {
      return { ok: true, value: document.toJS({ maxAliasCount: 100 }) };
    } catch (error) {
      return unreadable(error); // an alias that points nowhere, or too many of them
    }
  });
}

function unreadable(error: unknown): YamlDocument {
  return { ok: false, errors: [error instanceof Error ? error.message : 'cannot be read'] };
}

/**
 * Composing a document recurses with its nesting, and running out of stack there can end the process instead of
 * throwing. The parser before it keeps a stack of its own, which is looked at token by token.
 */
function nestsTooDeep(text: string): boolean {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    Array.from(parser.next(lexeme));
    if (parser.stack.length > maxDepth) return true;
  }
  return false;
}
