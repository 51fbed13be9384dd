import type { Schema } from './example-of.js';
import { asNamedValue } from './named-values.js';

/**
 * A part of the document with simpler schemas. A value that many have has a name; one that may be null has two types in
 * place of a choice between two schemas; and only whole bodies have examples.
 */
export function withSimpleSchemas(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withSimpleSchemas);
  if (typeof part !== 'object' || part === null) return part;
  return mapped(part, (name, value) => {
    if (name === 'example' || name === 'examples') return value;
    if (name === 'schemas') return mapped(value as object, (_, schema) => simplified(schema as Schema));
    return name === 'schema' ? member(value as Schema) : withSimpleSchemas(value);
  });
}

const mapped = (object: object, change: (name: string, value: unknown) => unknown): object =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(name, value)]));

/** Swagger UI sends the examples of the members of a form, so empty ones stay. */
const isEmpty = (example: unknown): boolean => example === '' || (Array.isArray(example) && example.length === 0);

function simplified({ examples = [], ...schema }: Schema): Schema {
  const changed = mapped(schema, (name, value) => {
    if (name === 'properties') return mapped(value as object, (_name, property) => member(property as Schema));
    if (name === 'anyOf' || name === 'oneOf') return (value as readonly Schema[]).map(simplified);
    if (name === 'prefixItems') return (value as readonly Schema[]).map(member);
    if (typeof value !== 'object') return value;
    if (name === 'items') return withoutDescription(member(value as Schema), schema);
    return name === 'additionalProperties' ? simplified(value as Schema) : value;
  });
  const simple = withoutChoice(changed);
  return examples.some(isEmpty) ? { ...simple, examples } : simple;
}

const member = (schema: Schema): Schema => asNamedValue(simplified(schema));

/** The items of a list that is described itself need no description, unless they are objects. */
function withoutDescription(items: Schema, list: Schema): Schema {
  const { description: _, ...rest } = items;
  return list.description === undefined || items.properties ? items : rest;
}

/** `{ anyOf: [{ type: 'string' }, { type: 'null' }] }` as `{ type: ['string', 'null'] }`. */
function withoutChoice(schema: Schema): Schema {
  const { anyOf: [one, nothing, ...others] = [], ...rest } = schema;
  if (nothing?.type !== 'null' || others.length > 0 || typeof one?.type !== 'string') return schema;
  if (one.enum) return { anyOf: [asNamedValue({ ...one, description: '' }), nothing], ...rest };
  return asNamedValue({ ...one, ...rest, type: [one.type, 'null'] });
}
