import {
  type ApiOperation,
  inTitleCase,
  isReference,
  type Media,
  type NamedSchemas,
  type OpenApiDocument,
  operationsOf,
  type Reference,
  type Response,
  type Schema,
} from './open-api.js';

/** A part of an operation that may stand in `components`, if another operation has the same one. */
interface Part {
  readonly name: string;
  /** The name of one of several parts that would have the same name. */
  readonly longName: string;
  readonly content: object;
  refer(to: Reference): void;
}

/** Lets a part that several operations have stand once, in `components`, and lets the operations refer to it. */
export function shareParts(document: OpenApiDocument): void {
  const operations = operationsOf(document);
  const problems = Object.entries((document.components['responses'] ?? {}) as Record<string, Response>);
  share(document, 'parameters', operations.flatMap(parametersOf));
  const ofProblems = problems.flatMap(([name, response]) => headersOf(response, name));
  share(document, 'headers', [...operations.flatMap(headersOfAnswers), ...ofProblems]);
  nameRepeatedObjects(document.components.schemas);
  moveExamples(operations.flatMap(mediaOf), document.components.schemas);
  share(document, 'examples', [...operations.flatMap(examplesOf), ...problems.flatMap(examplesOfProblems)]);
  share(document, 'responses', operations.flatMap(answersOf));
}

function share({ components }: OpenApiDocument, kind: string, parts: readonly Part[]): void {
  const same = Map.groupBy(parts, ({ content }) => JSON.stringify(content));
  const repeated = [...same.values()].filter((group) => group.length > 1);
  const names = repeated.map(([part]) => part?.name);
  const shared: Record<string, unknown> = { ...components[kind] };
  for (const group of repeated) {
    const [{ name, longName, content } = { name: '', longName: '', content: {} }] = group;
    const unique = names.filter((one) => one === name).length === 1 && !(name in shared) ? name : longName;
    shared[unique] = content;
    for (const part of group) part.refer({ $ref: `#/components/${kind}/${unique}` });
  }
  components[kind] = shared;
}

const longName = (name: string, { tags }: ApiOperation): string => `${name}Of${inTitleCase(tags[0] ?? '')}`;

const parametersOf = (operation: ApiOperation): Part[] =>
  (operation.parameters ?? []).map((parameter, at, all) => {
    const name = inTitleCase(isReference(parameter) ? '' : parameter.name);
    const isFilter = !isReference(parameter) && parameter.in === 'query';
    const long = longName(isFilter ? `${name}Filter` : name, operation);
    return { name, longName: long, content: parameter, refer: (to) => (all[at] = to) };
  });

const headersOfAnswers = ({ operationId, responses }: ApiOperation): Part[] =>
  Object.values(responses).flatMap((response) =>
    isReference(response) ? [] : headersOf(response, inTitleCase(operationId)),
  );

const headersOf = ({ headers = {} }: Response, owner: string): Part[] =>
  Object.entries(headers).flatMap(([name, content]) =>
    isReference(content)
      ? []
      : [{ name, longName: `${name}Of${owner}`, content, refer: (to: Reference) => (headers[name] = to) }],
  );

/** The answers of an operation, but for those of which a reference is no longer than they are. */
const answersOf = ({ operationId, responses }: ApiOperation): Part[] =>
  Object.entries(responses).flatMap(([status, content]) => {
    const name = `${inTitleCase(operationId)}${inTitleCase(status)}`;
    if (isReference(content) || (content.content === undefined && content.headers === undefined)) return [];
    return [{ name, longName: name, content, refer: (to: Reference) => (responses[status] = to) }];
  });

/** The bodies that an operation takes and gives. */
const mediaOf = ({ requestBody, responses }: ApiOperation): Media[] =>
  [requestBody ?? {}, ...Object.values(responses)].flatMap((body) =>
    'content' in body ? Object.values(body.content ?? {}) : [],
  );

/**
 * Lets the example that most bodies of a named schema have stand in that schema. A list has none: it is made of those
 * of its items.
 */
function moveExamples(media: readonly Media[], named: NamedSchemas): void {
  const withNames = media.filter(({ schema, example }) => example !== undefined && nameIn(schema) !== '');
  for (const [name, group] of Map.groupBy(withNames, ({ schema }) => nameIn(schema))) {
    const byText = Map.groupBy(group, ({ example }) => JSON.stringify(example));
    const [most = []] = [...byText.values()].toSorted((a, b) => b.length - a.length);
    const { items, nextCursor, ...others } = named[name]?.properties ?? {};
    const item = nextCursor && Object.keys(others).length === 0 ? nameIn(items?.items) : '';
    const example = most[0]?.example;
    if (item === '') Object.assign(named[name] ?? {}, { examples: [example] });
    // The bodies that are one item come before the lists of them, or set theirs later.
    else
      Object.assign(named[item] ?? {}, {
        examples: (example as { readonly items: readonly unknown[] }).items,
        ...named[item],
      });
    for (const one of most) delete one.example;
  }
}

/** The name of the schema that a schema refers to; empty: none. */
const nameIn = (schema: Schema | undefined): string => schema?.$ref?.split('/').at(-1) ?? '';

/** The examples of problems: a type of problem may stand in several responses. */
const examplesOfProblems = ([, { content = {} }]: readonly [string, Response]): Part[] =>
  Object.values(content).flatMap(({ examples = {} }) =>
    Object.entries(examples).flatMap(([type, example]) => {
      const name = inTitleCase(type);
      if (isReference(example)) return [];
      return [{ name, longName: `${name}Problem`, content: example, refer: (to: Reference) => (examples[type] = to) }];
    }),
  );

const examplesOf = (operation: ApiOperation): Part[] =>
  mediaOf(operation).flatMap((media) => {
    const { example } = media;
    if (typeof example !== 'string' && typeof example !== 'object') return [];
    const name = nameIn(media.schema) || inTitleCase(operation.operationId);
    return [
      {
        name,
        longName: `${name}Of${inTitleCase(operation.operationId)}`,
        content: { value: example },
        refer(to: Reference) {
          delete media.example;
          media.examples = { example: to };
        },
      },
    ];
  });

/** A place where an object stands in another schema, which can refer to it by a name. */
interface Place {
  readonly object: Schema;
  /** The names that suit it, the best first. */
  readonly names: readonly string[];
  replace(by: Schema): void;
}

/** Gives objects that stand in several places a name, and lets the places refer to them. The largest come first. */
function nameRepeatedObjects(schemas: NamedSchemas): void {
  for (let repeated = mostRepeated(schemas); repeated !== null; repeated = mostRepeated(schemas)) {
    const { object, names } = repeated.first;
    const [short] = names;
    const haveShort = repeated.places.every((place) => place.names[0] === short);
    const name = names.find((one) => !(one in schemas) && (haveShort || one !== short)) ?? `${names.at(-1)}Again`;
    Object.assign(schemas, { [name]: object });
    for (const place of repeated.places) {
      const { description } = place.object;
      place.replace({ $ref: `#/components/schemas/${name}`, ...(description && { description }) });
    }
  }
}

function mostRepeated(schemas: NamedSchemas): { readonly first: Place; readonly places: readonly Place[] } | null {
  const places = Object.entries(schemas).flatMap(([name, schema]) => membersIn(schema, [name]));
  const byText = Map.groupBy(places, ({ object: { description: _, ...rest } }) => JSON.stringify(rest));
  const [largest] = [...byText]
    .filter(([, same]) => same.length > 1)
    .toSorted(([a], [b]) => b.length - a.length)
    .map(([, same]) => same);
  const [first] = largest ?? [];
  return largest && first ? { first, places: largest } : null;
}

const inSingular = (name: string): string => name.replace(/s$/, '');

/** The objects in a schema, without itself. */
function membersIn(schema: Schema, names: readonly string[]): Place[] {
  const { properties = {}, items, anyOf = [] } = schema;
  return [
    ...Object.entries(properties).flatMap(([name, member]) => {
      const short = inTitleCase(name);
      return placesIn(member, [short, `${names.at(-1)}${short}`], (by) => Object.assign(properties, { [name]: by }));
    }),
    ...(items ? placesIn(items, names.map(inSingular), (by) => Object.assign(schema, { items: by })) : []),
    ...anyOf.flatMap((one, at) => placesIn(one, names, (by) => Object.assign(anyOf, { [at]: by }))),
  ];
}

const placesIn = (schema: Schema, names: readonly string[], replace: Place['replace']): Place[] => [
  ...(schema.properties ? [{ object: schema, names, replace }] : []),
  ...membersIn(schema, names),
];
