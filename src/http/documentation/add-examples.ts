import { exampleOf, type NamedSchemas, type Schema } from '../schemas/example-of.js';

/** A body of one media type. */
interface Media {
  readonly schema?: Schema;
  example?: unknown;
  examples?: Record<string, { readonly value: unknown }>;
}
type Content = Readonly<Record<string, Media>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema & { readonly maxLength?: number; readonly maximum?: number };
  example?: unknown;
  examples?: unknown;
}

interface Response {
  readonly content?: Content;
  headers?: Readonly<Record<string, object>>;
}

export interface ApiOperation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { required?: boolean; readonly content?: Content };
  readonly responses?: Readonly<Record<string, Response>>;
}

/**
 * Gives every answer of an operation an example of its own, and every body that a caller sends. Parameters that may be
 * left out have none: "Try it out" would fill it in and send what nobody filled in.
 */
export function addExamples(operation: ApiOperation, named: NamedSchemas): void {
  const { parameters = [], requestBody, responses = {} } = operation;
  for (const parameter of parameters)
    if (!parameter.required) {
      delete parameter.example;
      delete parameter.examples;
    }
  for (const media of Object.values(requestBody?.content ?? {})) complete(media, named);
  for (const { content } of Object.values(responses))
    for (const media of Object.values(content ?? {})) complete(media, named);

  const invalid = problemsOf(responses['400'])?.['invalid-request'];
  if (invalid) Object.assign(invalid, { value: invalidRequest(invalid.value as object, operation, named) });
  const notAcceptable = problemsOf(responses['406'])?.['not-acceptable'];
  const offered = Object.entries(responses).flatMap(([status, { content }]) =>
    status.startsWith('2') ? Object.keys(content ?? {}) : [],
  );
  if (notAcceptable && offered.length > 0)
    Object.assign(notAcceptable, {
      value: { ...(notAcceptable.value as object), detail: `this resource comes as ${offered.join(', ')}` },
    });
}

const problemsOf = (response: { readonly content?: Content } | undefined) =>
  response?.content?.['application/problem+json']?.examples;

/** Completes the example that a route gives. Octets have none. */
function complete(media: Media, named: NamedSchemas): void {
  if (media.examples || media.schema === undefined || isBinary(media.schema)) return;
  media.example = exampleOf(media.schema, named, media.example);
}

const isBinary = (schema: Schema): boolean =>
  'contentMediaType' in schema ||
  schema.format === 'binary' ||
  Object.values(schema.properties ?? {}).some(({ items }) => items && isBinary(items));

/** The problem with an error in a field that this operation has; without fields the HTTP itself is not valid. */
function invalidRequest(value: object, operation: ApiOperation, named: NamedSchemas): object {
  const error = errorInBody(operation, named) ?? errorInParameter(operation);
  return error ? { ...value, errors: [error] } : { ...value, detail: 'the request cannot be read' };
}

function errorInBody({ requestBody }: ApiOperation, named: NamedSchemas) {
  const schema = requestBody?.content?.['application/json']?.schema;
  const { properties } = (schema?.$ref ? named[schema.$ref.split('/').at(-1) ?? ''] : schema) ?? {};
  if (properties === undefined) return null;
  const [name] = Object.keys(properties);
  return name === undefined
    ? { pointer: '/force', message: 'is not a known property' }
    : { pointer: `/${name}s`, message: `is not a known property; did you mean "${name}"?` };
}

function errorInParameter({ parameters = [] }: ApiOperation) {
  const parameter = parameters.find(({ in: where }) => where === 'query') ?? parameters[0];
  if (parameter === undefined) return null;
  const { maximum, maxLength, enum: values } = parameter.schema ?? {};
  const message = values
    ? `must be one of ${values.join(', ')}`
    : maximum === undefined
      ? `must NOT have more than ${maxLength} characters`
      : `must be <= ${maximum}`;
  return { pointer: `/${parameter.in === 'header' ? 'headers' : parameter.in}/${parameter.name}`, message };
}
