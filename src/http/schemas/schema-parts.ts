import { Type, type Static, type StaticDecode, type TProperties, type TSchema } from 'typebox';
import { labelBounds } from '../../model/certificate-request.js';
import { longestPrincipalName } from '../../model/name-grammar.js';
import { mostPrincipalGroups } from '../../model/principal.js';
import { instantText } from '@kubepass/x509';
import { compileFunction } from 'node:vm';

/** A schema that has a name of its own in the OpenAPI document. */
export type NamedSchema = TSchema & { readonly $id: string };

/** All of them, as they were made. The app adds them, so that each schema can refer to each. */
export const namedSchemas: readonly NamedSchema[] = [];

export function named<T extends TSchema, Id extends string>($id: Id, schema: T): T & { readonly $id: Id } {
  const made = Object.assign(schema, { $id });
  (namedSchemas as NamedSchema[]).push(made);
  return made;
}

/** A reference to a named schema, with that schema's type and view. */
export function ref<T extends NamedSchema>(schema: T) {
  const view = viewOf(schema);
  return Type.Codec(Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` }))
    .Decode((value) => value as StaticDecode<T>)
    .Encode((value) => view(value as Shown<T>));
}

/** An object that has these properties and no others. */
export const closed = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

export const objectOf = <Properties extends TProperties>(description: string, properties: Properties) =>
  Type.Object(properties, { additionalProperties: false, description });

export const namedObject = <Properties extends TProperties, Id extends string>(
  $id: Id,
  description: string,
  properties: Properties,
  examples?: object[],
) => named($id, Type.Object(properties, { additionalProperties: false, description, ...(examples && { examples }) }));

export function nullable<T extends TSchema>(schema: T, description?: string) {
  return Type.Union([schema, Type.Null()], { ...(description && { description }) });
}

/** A string that is one of these values. */
export function oneOf<T extends string>(values: readonly T[], description?: string) {
  return Type.Unsafe<T>({ type: 'string', enum: [...values], ...(description && { description }) });
}

/** Characters of a name in a path: a DNS subdomain (RFC 1123 section 2.1). */
export const longestPathParameter = 253;
/**
 * Characters. An octet is written as `%F0`; a username has 64 characters of at most four octets, the name of a
 * principal 253 of one.
 */
export const longestEncodedParameter = 3 * 4 * 64;

/** RFC 1123 section 2.1, lower case only, as in Kubernetes. */
export const dnsLabelPattern = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$';

export const dnsLabelOf = (description: string, example: string) =>
  Type.String({
    minLength: 1,
    maxLength: 63,
    pattern: dnsLabelPattern,
    description,
    examples: [example],
  });

/** Labels of a request, by key. */
export const labelsOf = (description: string) =>
  Type.Unsafe<Record<string, string>>({
    type: 'object',
    propertyNames: { type: 'string', minLength: 1, maxLength: 63, pattern: dnsLabelPattern },
    additionalProperties: { type: 'string', maxLength: labelBounds.value, pattern: '^[^\\u0000-\\u001f\\u007f]*$' },
    maxProperties: labelBounds.count,
    description: `${description} Keys are DNS labels.`,
    examples: [{ team: 'payments', ticket: 'INC-4711' }],
  });

/** At most 64 characters: RFC 5280 ub-common-name, ub-organization-name. Policy decides which characters. */
export const nameOf = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 64, description, examples: [example] });

/** At most 253 characters: principals have longer names than certificates. */
export const principalNameOf = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: longestPrincipalName, description, examples: [example] });

/** Groups of a principal; an identity provider tells of many. */
export const principalGroupsOf = (description: string) =>
  Type.Array(principalNameOf('One group.', 'onboarding'), { maxItems: mostPrincipalGroups, description });

export const sha256Pattern = '^[0-9a-f]{64}$';

export const sha256Of = (
  description: string,
  example = '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
) =>
  Type.String({
    maxLength: 64,
    pattern: sha256Pattern,
    description: `${description}, lower-case hex.`,
    examples: [example],
  });

/**
 * U+FFFE and U+FFFF of planes 1 to 16. They stand in the pattern themselves, because few readers of patterns share an
 * escape for characters beyond U+FFFF.
 */
const lastOfPlanes = Array.from({ length: 16 }, (_, i) =>
  String.fromCodePoint(0x1_fffe + i * 0x1_0000, 0x1_ffff + i * 0x1_0000),
).join('');

/**
 * A path on the caller's machine: no controls (C0 and C1), separators of lines and paragraphs, lone surrogates, U+FEFF
 * or non-characters (Unicode 23.7). Readers of text files take some of them for line breaks or for the end of the text.
 */
export const filePathPattern = `^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\ud800-\\udfff\\ufdd0-\\ufdef\\ufeff\\ufffe\\uffff${lastOfPlanes}]+$`;

/**
 * No control characters (C0, DEL, C1) but TAB, LF and CR. They are drawn as nothing or steer a terminal, and each of
 * them takes six octets in the audit log.
 */
export const writtenPattern = '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$';

/**
 * Text in which callers say why. Answers have it without the pattern: older records may have been written otherwise.
 */
export const writtenTextOf = (description: string, example: string, minLength = 1) =>
  Type.String({ minLength, maxLength: 1024, pattern: writtenPattern, description, examples: [example] });

/** RFC 4648 section 5: a cursor of another form would only fill the header. */
export const cursorPattern = '^[A-Za-z0-9_-]+$';

/** An instant that the model keeps as text. */
export const instantTextOf = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 35, description, examples: ['2026-03-01T09:30:00.000Z'] });

/** An instant: a `Date` in the model, text in JSON. */
export const instantOf = (description: string) =>
  Type.Codec(instantTextOf(description))
    .Decode((text) => new Date(text))
    .Encode(instantText);

/** Free text that kubepass itself writes. */
export const messageOf = (description: string, example: string) =>
  Type.String({ maxLength: 4096, description, examples: [example] });

/** A stable TitleCase word, as in Kubernetes conditions. */
export const reasonOf = (description: string, example: string) =>
  Type.String({ maxLength: 64, description, examples: [example] });

/** Other text. */
export const textOf = (
  description: string,
  example: string,
  bounds: { readonly minLength?: number; readonly maxLength: number; readonly pattern?: string },
) => Type.String({ ...bounds, description, examples: [example] });

export const integerOf = (
  description: string,
  example: number,
  bounds: { readonly minimum: number; readonly maximum?: number },
) =>
  Type.Integer({
    ...bounds,
    // Clients in languages with integers of 32 bits could not hold a larger number.
    ...((bounds.maximum ?? 0) > 2 ** 31 - 1 && { format: 'int64' }),
    description,
    examples: [example],
  });

export const exampleId = '01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f';

export const idOf = (description: string) => Type.String({ maxLength: 64, description, examples: [exampleId] });

/** Identifies a credential: an API token and a session by their ids, others by something that stands in them. */
export const credentialIdOf = (description: string) =>
  Type.String({ minLength: 1, maxLength: 512, description, examples: [exampleId] });

/** The type of the values that a view takes: the model's own, which are read-only and hold instants. */
export type Shown<Schema extends TSchema> = ReadOnly<StaticDecode<Schema>>;

type ReadOnly<T> = T extends Date
  ? T
  : T extends readonly (infer Item)[]
    ? readonly ReadOnly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: ReadOnly<T[Key]> | (object extends Pick<T, Key> ? undefined : never) }
      : T;

/** Makes the JSON value of one value; null: the value is its own JSON value. */
type Show = ((value: unknown) => unknown) | null;

/**
 * Makes the values of answers from those of the model: the members that the schema has, in its order, and no others. So
 * a new field of the model is shown to nobody before a schema has it. An instant becomes text. Throws, at its first
 * use, for a schema that leaves the choice between several objects.
 */
export function viewOf<Schema extends TSchema>(schema: Schema): (value: Shown<Schema>) => Static<Schema> {
  let show: Show | undefined;
  return (value) => {
    show ??= showOf(schema);
    return (show === null ? value : show(value)) as Static<Schema>;
  };
}

function showOf(schema: TSchema): Show {
  if (Type.IsCodec(schema)) return schema['~codec'].encode;
  if (Type.IsObject(schema)) return showObject(schema.properties);
  if (Type.IsArray(schema)) return showItems(showOf(schema.items));
  const [one, nothing, ...others] = Type.IsUnion(schema) ? schema.anyOf : [];
  if (one && nothing && Type.IsNull(nothing) && others.length === 0) return showUnlessNull(showOf(one));
  if ('anyOf' in schema || 'oneOf' in schema || '$ref' in schema)
    throw new Error(`no view of one of several schemas: ${JSON.stringify(schema)}`);
  return null;
}

const showItems = (show: Show): Show => show && ((items) => (items as readonly unknown[]).map((item) => show(item)));

const showUnlessNull = (show: Show): Show => show && ((value) => (value === null ? null : show(value)));

/** Compiled from the names of the members, as Ajv compiles validators: a loop over them takes ten times as long. */
function showObject(properties: Readonly<Record<string, TSchema>>): Show {
  const shows = Object.values(properties).map(showOf);
  const members = Object.entries(properties).map(([name, schema], at) => {
    const given = `value[${JSON.stringify(name)}]`;
    const absent = Type.IsOptional(schema) ? `${given} === undefined ? undefined : ` : '';
    return `${JSON.stringify(name)}: ${shows[at] ? `${absent}shows[${at}](${given})` : given}`;
  });
  const made = compileFunction(`return (value) => ({ ${members.join(', ')} });`, ['shows']);
  return (made as (shows: readonly Show[]) => Show)(shows);
}

/** The body of an action that needs none. */
export const NothingSchema = namedObject('Nothing', 'No properties; may be left out.', {});

/** What may happen by the settings and policies as they are, and what prevents it. */
export const warningsOf = (example: string) =>
  Type.Array(Type.String({ maxLength: 2048, examples: [example] }), {
    maxItems: 1001,
    description: 'For auditors and admins: where safety is off, and what would switch it on.',
  });
