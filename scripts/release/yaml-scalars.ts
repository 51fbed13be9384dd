import { isScalar, parseDocument, stringify } from 'yaml';
import { ReleaseError } from './release-error.js';

/** Keys and indexes from the root of a document: `['image', 'digest']`. */
export type YamlPath = readonly (string | number)[];

function scalarAt(text: string, path: YamlPath, name: string) {
  const document = parseDocument(text);
  const node = document.errors.length > 0 ? undefined : document.getIn(path, true);
  if (isScalar(node) && node.range && typeof node.value === 'string') return { value: node.value, range: node.range };
  throw new ReleaseError(`${name} has no text at ${path.join('.')}: write it there, or mend scripts/release`);
}

/** The text of a scalar in a YAML document. Throws `ReleaseError`, which names the file, where there is none. */
export const yamlScalar = (text: string, path: YamlPath, name: string): string => scalarAt(text, path, name).value;

/** The document with another text at that place: comments, quotes of others and order stay. */
export function withYamlScalar(text: string, path: YamlPath, value: string, name: string): string {
  const [start, end] = scalarAt(text, path, name).range;
  // A value that stood in quotes keeps them, so that the line looks as its author wrote it.
  const quoted = /^['"]/.test(text.slice(start, end)) ? `'${value.replaceAll("'", "''")}'` : stringify(value).trim();
  return text.slice(0, start) + quoted + text.slice(end);
}
