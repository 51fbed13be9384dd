/** A document as `openapi/openapi.json` has it, as far as tests look at it. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly examples?: readonly unknown[];
}

/**
 * The document with its operations whole: parameters, headers, responses and examples stand in them, and each body has
 * the example that its schema has. References to schemas stay.
 */
export function withWholeOperations<Document extends OpenApi>(document: Document): Document {
  return { ...document, paths: whole(document.paths, document) };
}

function whole<Part>(part: Part, document: OpenApi): Part {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map((one: unknown) => whole(one, document)) as Part;
  const { $ref } = part as Schema;
  if ($ref !== undefined && !$ref.startsWith('#/components/schemas/'))
    return whole(targetOf($ref, document), document) as Part;
  const members = Object.entries(part).map(([name, value]) => [name, whole(value as unknown, document)] as const);
  const found = Object.fromEntries(members) as Record<string, unknown>;
  if ($ref === undefined && 'schema' in found && !('in' in found) && !('example' in found) && !('examples' in found)) {
    const example = exampleOf(found['schema'] as Schema, document);
    if (example !== undefined) found['example'] = example;
  }
  return found as Part;
}

function targetOf(reference: string, document: OpenApi): unknown {
  const names = reference.split('/').slice(1);
  return names.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], document);
}

/** The example of a named schema; of a list, one that has those of its items. */
function exampleOf({ $ref = '' }: Schema, document: OpenApi): unknown {
  const schema = document.components.schemas[$ref.split('/').at(-1) ?? ''];
  const item = schema?.properties?.['items']?.items;
  if (schema?.examples) return schema.examples[0];
  return item && { items: [exampleOf(item, document)], nextCursor: null };
}
