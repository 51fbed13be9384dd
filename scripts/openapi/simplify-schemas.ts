import { keyAlgorithms, revocationReasons } from '@kubepass/x509';
import { auditEventTypes } from '../../src/model/audit-event.js';
import { requestStates } from '../../src/model/certificate-request.js';
import { roles } from '../../src/model/principal.js';
import { enforcementModes } from '../../src/model/revocation-enforcement.js';
import type { TSchema } from 'typebox';
import { hexOf, uploadText } from './inspection-parts.js';
import type { Schema } from './open-api.js';
import { octets } from '../../src/inspections/upload-bodies.js';
import {
  dnsLabelOf,
  instantTextOf,
  labelsOf,
  messageOf,
  nameOf,
  oneOf,
  principalNameOf,
  sha256Of,
  writtenTextOf,
} from '../../src/http/schemas/schema-parts.js';

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

const values: Readonly<Record<string, TSchema>> = {
  AuditEventType: oneOf(auditEventTypes, 'What happened.'),
  DnsLabel: dnsLabelOf('A DNS label (RFC 1123), in lower case.', 'demo'),
  EnforcementMode: oneOf(enforcementModes, 'How a cluster is made to refuse revoked certificates.'),
  UploadHex: hexOf('Octets of an upload, in lower-case hex.'),
  UploadText: uploadText('A text of an upload.'),
  Instant: instantTextOf('An instant (RFC 3339).'),
  KeyAlgorithm: oneOf(keyAlgorithms, 'The algorithm of a key, and its size.'),
  Labels: labelsOf('Marks to find a request by.'),
  Message: messageOf('A text for people.', 'the request is recorded'),
  Name: nameOf('A username or a group, as it stands in a certificate.', 'jane@corp.example'),
  Octets: octets('Octets.', 1),
  PrincipalName: principalNameOf('The name of a caller.', 'hr-system'),
  RequestState: oneOf(requestStates, 'What has become of a certificate request.'),
  Role: oneOf(roles, 'What a principal may do.'),
  RevocationReason: oneOf(revocationReasons, 'Why a certificate is revoked (RFC 5280, section 5.3.1).'),
  Sha256: sha256Of('SHA-256'),
  WrittenText: writtenTextOf('A text in which somebody says why.', 'joins team A on Monday'),
};

const orNull = ([name, schema]: readonly [string, TSchema]): readonly [string, Schema] => {
  const { description, ...constraints } = schema as Schema;
  const type = [constraints.type, 'null'] as readonly string[];
  return [`${name}OrNull`, { ...constraints, type, description: `${description} Or null.` }];
};

/**
 * Values that many schemas have. The document describes each of them once, under its name. The status of a certificate
 * is none: generated Go has the values of all named enumerations side by side, and a request expires, too.
 */
export const namedValues: Readonly<Record<string, Schema>> = {
  ...values,
  ...Object.fromEntries(Object.entries(values).map(orNull)),
};

/** In an order of their own. Lists of values keep theirs. */
const constraintsOf = ({ description: _, examples: _examples, ...constraints }: Schema): string =>
  JSON.stringify(Object.entries(constraints).toSorted(([a], [b]) => (a < b ? -1 : 1)));

const names = new Map(Object.entries(namedValues).map(([name, schema]) => [constraintsOf(schema), name]));

/**
 * A reference to the named value, with the schema’s own description unless that says the same; the schema itself if it
 * has no name.
 */
function asNamedValue(schema: Schema): Schema {
  const name = names.get(constraintsOf(schema));
  if (name === undefined) return schema;
  const { description } = schema;
  const isOwn = description && description !== namedValues[name]?.description;
  return { $ref: `#/components/schemas/${name}`, ...(isOwn && { description }) };
}
