// Tests src/http/problems/schema-errors.ts, src/http/problems/problem.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as } from './support/call.js';
import { contract } from './support/contract.js';
import { startService, type Method, type TestService } from './support/service.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly propertyNames?: Schema;
  readonly maxProperties?: number;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
    readonly example?: string | number;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

const schemas = contract.components.schemas as unknown as Record<string, Schema>;
const resolved = (schema: Schema): Schema =>
  schema.$ref === undefined ? schema : resolved(schemas[schema.$ref.split('/').at(-1)!]!);

/** Values that the schema refuses: one at least for each keyword that it has. */
function wrongTexts({ enum: values, pattern, format, minLength = 0, maxLength }: Schema): string[] {
  const unlike = ['A b', '\u0001', '§', '-', 'x/'].filter(
    (text) => pattern !== undefined && !new RegExp(pattern, 'u').test(text) && text.length >= minLength,
  );
  return [
    ...(values ? ['no-such-word'] : []),
    ...unlike.slice(0, 1),
    ...(format === 'date-time' ? ['yesterday'] : []),
    ...(maxLength !== undefined && maxLength < 5000 ? ['1'.repeat(maxLength + 1)] : []),
    ...(minLength > 0 ? [''] : []),
  ];
}

function wrongValues(given: Schema): unknown[] {
  const schema = resolved(given);
  const { type, minimum, maximum, items, maxItems, uniqueItems, properties, propertyNames, maxProperties } = schema;
  if (type === 'string') return [7, ...wrongTexts(schema)];
  if (type === 'integer')
    return [
      'soon',
      1.5,
      ...(minimum === undefined ? [] : [minimum - 1]),
      ...(maximum === undefined ? [] : [maximum + 1]),
    ];
  if (type === 'boolean') return ['perhaps'];
  if (type === 'array')
    return [
      'one',
      ...wrongValues(items ?? {}).map((value) => [value]),
      ...(maxItems !== undefined && maxItems < 200 ? [Array.from({ length: maxItems + 1 }, (_, i) => `a${i}`)] : []),
      ...(uniqueItems ? [['a', 'a']] : []),
    ];
  if (type === 'object')
    return [
      'one',
      ...(propertyNames ? [{ 'Two Words': 'x' }] : []),
      ...(maxProperties === undefined || maxProperties > 100
        ? []
        : [Object.fromEntries(Array.from({ length: maxProperties + 1 }, (_, i) => [`a${i}`, 'x']))]),
      ...Object.entries(properties ?? {}).flatMap(([name, of]) => wrongValues(of).map((value) => ({ [name]: value }))),
    ];
  return [];
}

const paths = contract.paths as unknown as Record<string, Record<string, Operation>>;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation, name: operation.operationId })),
);

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const ofValidators =
  /must NOT|must be (string|integer|number|object|array|boolean|null)\b|must match|is not valid|of format|[<>]=/;

describe.each(operations)('what $name says of wrong values', ({ path, method, operation }) => {
  const parameters = operation.parameters ?? [];
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(parameters.find((one) => one.name === name)?.example ?? 'x')),
  );
  const required = parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(({ name, example }): [string, string] => [name, String(example)]);
  const queries = parameters
    .filter((one) => one.in === 'query')
    .flatMap(({ name, schema }) =>
      wrongValues(schema)
        .map((value) => String(Array.isArray(value) ? value[0] : value))
        .filter((value) => resolved(schema).type !== 'string' || value !== '7')
        .map((value) => new URLSearchParams([...required.filter(([other]) => other !== name), [name, value]])),
    );
  const body = operation.requestBody?.content['application/json'];
  // Of the operations with a query, one takes a body too: reviewAccess.
  const sound = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec: { user: 'jane' } };
  const bodies = body ? wrongValues(body.schema) : [];

  it.skipIf(queries.length + bodies.length === 0)('is in the words of the field, and where', async () => {
    const call = service.as('root');
    const answers = [
      ...(await Promise.all(
        queries.map(async (query) => ({
          of: query.toString(),
          answer: await call(method as Method, `${url}?${query.toString()}`).send(body && sound),
        })),
      )),
      ...(await Promise.all(
        bodies.map(async (value) => ({
          of: JSON.stringify(value).slice(0, 200),
          answer: await call(method as Method, url)
            .set('content-type', 'application/json')
            .send(JSON.stringify(value)),
        })),
      )),
    ];
    for (const { of, answer } of answers) {
      expect(answer.status, `${of}: ${answer.text}`).toBe(400);
      const { detail, errors = [] } = as.problem(answer);
      const [first] = errors;
      expect(
        detail.startsWith(`${first?.pointer === '' ? 'the body' : first?.pointer}: ${first?.message}`),
        detail,
      ).toBe(true);
      for (const { message } of errors) expect(message, of).not.toMatch(ofValidators);
    }
  });
});
