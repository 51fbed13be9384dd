import { parseAllDocuments } from 'yaml';

/** One document of a YAML stream: its value, or what is wrong with it. */
export type YamlDocument =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly errors: readonly string[] };

/**
 * The documents of a stream, as strictly as YAML 1.2 can be read: unique string keys, the core schema and no other
 * tags, no merge keys, few aliases. What two readers could take for two things is refused.
 */
export function readYamlDocuments(text: string): readonly YamlDocument[] {
  try {
    return parseStrictly(text);
  } catch (error) {
    // Nested too deep for the stack.
    return [unreadable(error)];
  }
}

function parseStrictly(text: string): readonly YamlDocument[] {
  const documents = parseAllDocuments(text, {
    version: '1.2',
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
  });
  return Array.from(documents, (document): YamlDocument => {
    // An unknown tag is only a warning to the parser, and its value is read as if the tag were not there.
    const errors = [...document.errors, ...document.warnings].map(({ message }) => message.split('\n')[0] ?? message);
    // `%YAML 1.1` would bring back merge keys and `yes` for true.
    if (document.directives?.yaml.version !== '1.2') errors.push('must be YAML 1.2');
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
