/** A schema of a document. */
interface Schema {
  readonly type?: unknown;
  readonly maxItems?: number;
  readonly [keyword: string]: unknown;
}

/** A list that an answer or a message may have. */
export interface ListBound {
  /** The named schema, or the operation, that it is in. */
  readonly schema: string;
  /** `items[].bars`; empty where the schema itself is the list. */
  readonly place: string;
  /** Null where there is none. */
  readonly maxItems: number | null;
}

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, { readonly responses?: object }>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>>; readonly responses?: object };
}

/** Every list in the schemas of answers, and in all schemas that have a name. */
export function listBoundsOf({ paths = {}, components = {} }: Document): readonly ListBound[] {
  const found: ListBound[] = [];
  const walk = (schema: string, value: unknown, place: string): void => {
    if (typeof value !== 'object' || value === null) return;
    const { type, maxItems = null } = value as Schema;
    if (type === 'array' || (Array.isArray(type) && type.includes('array'))) found.push({ schema, place, maxItems });
    for (const [name, member] of Object.entries(value)) {
      if (/^(?:examples?|default|enum|const)$/.test(name)) continue;
      if (name === 'properties')
        for (const [property, below] of Object.entries(member as object))
          walk(schema, below, place === '' ? property : `${place}.${property}`);
      else walk(schema, member, name === 'items' ? `${place}[]` : place);
    }
  };
  for (const [name, schema] of Object.entries(components.schemas ?? {})) walk(name, schema, '');
  walk('problems', components.responses, '');
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { responses }] of Object.entries(methods)) walk(`${method.toUpperCase()} ${path}`, responses, '');
  return found;
}

/** No list has more, but for those that are named here with the reason. */
export const mostItems = 10_000;
export const larger: Readonly<Record<string, string>> = {
  CertificateSigningRequest: 'an object of the cluster, which takes at most 1.5 MiB',
  Replay: 'a line for each recorded request that is asked for; as `application/x-ndjson` the answer is streamed',
  ScimGroup: 'the members of a group, which the identity provider has put there',
  ScimGroupSpec: 'the same members, as they are sent',
  Timeline: '`groups` has each group of the bars once, and a bar has at most 32',
};

const begin = '<!-- lists: npm run openapi -->\n';
const end = '<!-- end of the lists -->';

/** A page with the table of these lists between its two marks. */
export function withListBounds(page: string, bounds: readonly ListBound[]): string {
  const rows = [...Map.groupBy(bounds, ({ schema }) => schema)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([schema, lists]) => {
      const texts = lists.map(({ place, maxItems }) => `${place === '' ? 'itself' : `\`${place}\``} ${maxItems?.toLocaleString('en') ?? 'none'}`);
      return `| ${schema} | ${[...new Set(texts)].toSorted().join(', ')} | ${larger[schema] ?? ''} |\n`;
    });
  const [before = '', rest = ''] = page.split(begin);
  const table = `| schema | lists, with the most items of each | why more than ${mostItems.toLocaleString('en')} |\n|---|---|---|\n`;
  return `${before}${begin}\n${table}${rows.join('')}\n${end}${rest.slice(rest.indexOf(end) + end.length)}`;
}
