import type { FastifySchemaValidationError } from 'fastify';
import { didYouMean, quote } from '@kubepass/inspect/formats';
import type { FieldError } from '../../model/outcome.js';
import { cursorPattern, dnsLabelPattern, sha256Pattern, writtenPattern } from '../schemas/schema-parts.js';

/** Ajv's options `allErrors` and `verbose` are on: each error comes with the schema that it is about. */
type SchemaError = FastifySchemaValidationError & {
  readonly parentSchema?: SchemaPart;
  readonly propertyName?: string;
  readonly data?: unknown;
};

interface SchemaPart {
  readonly properties?: object;
  readonly examples?: readonly unknown[];
}

const prefixes: Readonly<Record<string, string>> = { querystring: '/query', params: '/path', headers: '/headers' };

/** The errors without those of `propertyNames`: Ajv also has an error about the key itself, which says more. */
export const tellingErrors = (errors: readonly SchemaError[]): SchemaError[] =>
  errors.filter(({ keyword }) => keyword !== 'propertyNames');

/**
 * What a schema refuses, with JSON pointers into the body, `/query`, `/path` or `/headers`, and in the words of the
 * field: what belongs there, with an example. `context` is Fastify's name of the part of the request.
 */
export function fieldErrors(errors: readonly SchemaError[], context: string | undefined): FieldError[] {
  const prefix = prefixes[context ?? ''] ?? '';
  return errors.map((error) => ({
    pointer: prefix + error.instancePath + childPointer(error),
    message: messageOf(error, prefix === '' ? 'property' : 'parameter').slice(0, 1024),
  }));
}

/** The pointer from the object that was checked to the property that is missing or unknown. */
function childPointer({ params }: SchemaError): string {
  const child = params['additionalProperty'] ?? params['missingProperty'];
  return typeof child === 'string' ? pointerTo(child) : '';
}

/** The JSON pointer to a member of the body (RFC 6901 section 3). */
export const pointerTo = (member: string): string =>
  `/${member.slice(0, 256).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Other words for a name that no count of mistyped characters leads to. */
const synonyms: Readonly<Record<string, string>> = {
  expiresBefore: 'notAfterBefore',
  expiresAfter: 'notAfterAfter',
  userName: 'directoryName',
};

/** The message about an unknown property, with the known one that is most likely meant. */
export function unknownProperty(name: string, known: readonly string[], kind = 'property'): string {
  const synonym = Object.hasOwn(synonyms, name) ? synonyms[name] : undefined;
  const meant = synonym !== undefined && known.includes(synonym) ? synonym : name;
  return `is not a known ${kind}${didYouMean(meant, known)}`;
}

function messageOf(error: SchemaError, kind: 'property' | 'parameter'): string {
  const { keyword, params, parentSchema, propertyName, data } = error;
  if (kind === 'parameter' && keyword === 'type' && Array.isArray(data)) return 'must be given once';
  if (keyword === 'additionalProperties')
    return unknownProperty(String(params['additionalProperty']), Object.keys(parentSchema?.properties ?? {}), kind);
  const subject = propertyName === undefined ? '' : `the key ${quote(propertyName)} `;
  return subject + (wordsOf[keyword]?.(params, error) ?? 'is not valid');
}

type Words = (params: Readonly<Record<string, unknown>>, error: SchemaError) => string;

const atMost =
  (unit: string): Words =>
  ({ limit }) =>
    `must have at most ${String(limit)} ${unit}`;

const atLeast =
  (unit: string): Words =>
  ({ limit }) =>
    limit === 1 ? 'must not be empty' : `must have at least ${String(limit)} ${unit}`;

/** For each keyword of JSON Schema that schemas of requests have. */
const wordsOf: Readonly<Record<string, Words>> = {
  required: () => 'is required',
  type: ({ type }, error) => `must be ${typeWords(String(type).split(','), error)}`,
  enum: ({ allowedValues }) => {
    const values = allowedValues as readonly unknown[];
    return `must be ${values.length > 1 ? 'one of ' : ''}${values.join(', ')}`;
  },
  minimum: ({ limit }) => `must be at least ${String(limit)}`,
  maximum: ({ limit }) => `must be at most ${String(limit)}`,
  minLength: atLeast('characters'),
  maxLength: atMost('characters'),
  minItems: atLeast('entries'),
  maxItems: atMost('entries'),
  minProperties: atLeast('entries'),
  maxProperties: atMost('entries'),
  uniqueItems: () => 'must not have an entry twice',
  format: ({ format }) =>
    format === 'date-time' ? 'must be an instant, such as 2026-12-31T00:00:00Z' : `must be of format ${String(format)}`,
  pattern: ({ pattern }, error) =>
    patternWords.get(String(pattern)) ?? `must look like ${exampleOf(error) ?? String(pattern)}`,
};

export const cursorWords = 'is not a cursor that this list gave out';

const patternWords: ReadonlyMap<string, string> = new Map([
  [writtenPattern, 'must not have control characters other than tabs and line ends'],
  [dnsLabelPattern, 'must be a DNS label: lower-case letters, digits and inner hyphens'],
  [sha256Pattern, 'must be a SHA-256 in hex'],
  [cursorPattern, cursorWords],
]);

const typeNames: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  null: 'null',
  object: 'an object',
  string: 'a text',
};

/** `a whole number of seconds, such as 28800, or null`. */
function typeWords(types: readonly string[], error: SchemaError): string {
  const example = exampleOf(error);
  const unit = types[0] === 'integer' && error.instancePath.endsWith('Seconds') ? ' of seconds' : '';
  const [first = '', ...others] = types.map((type) => typeNames[type] ?? type);
  const named = `${first}${unit}${example === undefined ? '' : `, such as ${example}`}`;
  return others.length === 0 ? named : `${named}, or ${others.join(' or ')}`;
}

/** The field's example, where it fits into a sentence. */
function exampleOf({ parentSchema }: SchemaError): string | undefined {
  const [example] = parentSchema?.examples ?? [];
  const fits = typeof example === 'number' || (typeof example === 'string' && /^.{1,64}$/.test(example));
  return fits ? String(example) : undefined;
}
