/** A JSON schema of the OpenAPI document. */
export interface Schema {
  readonly $ref?: string;
  /** Two of them where the value may be null. */
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly minItems?: number;
  readonly description?: string;
}

/** The schemas that have names in the document. */
export type NamedSchemas = Readonly<Record<string, Schema>>;

/**
 * An example of a schema, put together from those of its parts, so that it always has the members that the schema has.
 * `given` has members that differ; an optional member is left out unless `given` names it. A list has one item. Throws
 * for a part that has no example.
 */
export function exampleOf(schema: Schema, named: NamedSchemas, given?: unknown): unknown {
  const { $ref, properties, items, anyOf, oneOf } = schema;
  if (given === null) return null;
  if ($ref !== undefined) {
    // A test may serve only some resources, and then not every schema is there.
    const target = named[$ref.split('/').at(-1) ?? ''];
    return target ? exampleOf(target, named, given) : {};
  }
  const own = schema.examples?.[0];
  if (properties)
    return objectExample(schema, named, { ...(own as object | undefined), ...(given as object | undefined) });
  if (items && Array.isArray(given)) return given.map((item) => exampleOf(items, named, item));
  if (given !== undefined) {
    const [first] = anyOf ?? oneOf ?? [];
    return typeof given === 'object' && first ? exampleOf(first, named, given) : given;
  }
  if (own !== undefined) return own;
  if (schema.enum) return schema.enum[0];
  const [first] = anyOf ?? oneOf ?? [];
  if (first) return exampleOf(first, named);
  if (items) return [exampleOf(items, named)];
  switch (schema.type) {
    case 'boolean':
      return true;
    case 'integer':
      return Math.max(schema.minimum ?? 1, 1);
    case 'object':
      return {};
    default:
      throw new Error(`a schema has no example: ${JSON.stringify(schema)}`);
  }
}

function objectExample({ properties = {}, required = [] }: Schema, named: NamedSchemas, given: object): unknown {
  const members = given as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) => {
      const isGiven = members[name] !== undefined;
      return isGiven || required.includes(name) ? [[name, exampleOf(schema, named, members[name])]] : [];
    }),
  );
}
