import { keyAlgorithms, revocationReasons } from '@kubepass/x509';
import { auditEventTypes } from '../../src/model/audit-event.js';
import { requestStates } from '../../src/model/certificate-request.js';
import { roles } from '../../src/model/principal.js';
import { enforcementModes } from '../../src/model/revocation-enforcement.js';
import type { TSchema } from 'typebox';
import type { Schema } from './example-of.js';
import { hexOf, uploadText } from './inspection-object-parts.js';
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
export function asNamedValue(schema: Schema): Schema {
  const name = names.get(constraintsOf(schema));
  if (name === undefined) return schema;
  const { description } = schema;
  const isOwn = description && description !== namedValues[name]?.description;
  return { $ref: `#/components/schemas/${name}`, ...(isOwn && { description }) };
}
