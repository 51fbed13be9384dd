import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import type { JsonSchema } from './json-schema.js';

/** A value of a chart that a user sets. */
interface ValueRow {
  /** Such as `database.postgresql.host`. */
  readonly path: string;
  readonly type: string;
  /** As JSON. */
  readonly default: string;
  /** The comment above its key. */
  readonly comment: string;
}

/** The table of the values in the text of a values.yaml. Throws where one has no comment, or is not in the schema. */
export function valuesTable(text: string, schema: JsonSchema): string {
  const document = parseDocument(text);
  if (!isMap(document.contents)) throw new Error('values.yaml has no values');
  const rows = rowsOf(document.contents, schema, '', document.commentBefore ?? '');
  const line = ({ path, type, default: otherwise, comment }: ValueRow) =>
    `| \`${path}\` | ${type} | \`${otherwise}\` | ${comment.replaceAll('|', '\\|')} |\n`;
  return `| value | type | default | |\n| --- | --- | --- | --- |\n${rows.map(line).join('')}`;
}

/** `before`: the comment above the map, which the reader of YAML gives to it and not to its first key. */
function rowsOf(map: YAMLMap, schema: JsonSchema, above: string, before: string): readonly ValueRow[] {
  return map.items.flatMap((pair, i): readonly ValueRow[] => {
    const { key, value } = pair;
    if (!isScalar(key)) throw new Error(`a key below ${above || 'values.yaml'} is no text`);
    const path = `${above}${String(key.value)}`;
    const found = schema.properties?.[String(key.value)];
    if (typeof found !== 'object') throw new Error(`${path} is no value in the schema`);
    const comment = [i === 0 ? before : '', key.commentBefore ?? '']
      .join('\n')
      .trim()
      .replace(/\s*\n\s*/g, ' ');
    // A group whose keys are ours; a list or a map of the user's is one value.
    const hasOurKeys = found.additionalProperties === false && found.patternProperties === undefined;
    if (isMap(value) && hasOurKeys && path !== 'config')
      return rowsOf(value, found, `${path}.`, value.commentBefore ?? '');
    if (comment === '') throw new Error(`${path} has no comment above it in values.yaml`);
    const otherwise: unknown = (map.toJSON() as Record<string, unknown>)[String(key.value)];
    return [{ path, type: typeOf(found), default: JSON.stringify(otherwise), comment }];
  });
}

const kinds: Readonly<Record<string, string>> = { array: 'list' };

function typeOf({ type, enum: values }: JsonSchema): string {
  if (values !== undefined) return values.map((one) => `\`${String(one)}\``).join(', ');
  return [type]
    .flat()
    .map((one = 'any') => kinds[one] ?? one)
    .join(' or ');
}
