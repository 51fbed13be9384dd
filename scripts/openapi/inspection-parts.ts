import { Type, type TProperties, type TSchema } from 'typebox';
import type { ObjectType } from '@kubepass/inspect';
import { namedObject, nullable, objectOf, oneOf, ref, sha256Of, textOf } from '../../src/http/schemas/schema-parts.js';
import { maxUploadOctets } from '../../src/inspections/upload-bodies.js';

const most = 10_000;

/** Text from an upload, which may be as long as the upload. */
export const uploadText = (description: string, ...examples: readonly string[]) =>
  Type.String({ maxLength: maxUploadOctets, description, ...(examples.length > 0 && { examples: [...examples] }) });

export const hexOf = (description: string) =>
  textOf(description, '03020780', { maxLength: maxUploadOctets * 2, pattern: '^[0-9a-f]*$' });

export const sha1Of = (description: string) =>
  textOf(`${description}, lower-case hex.`, '0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33', {
    maxLength: 40,
    pattern: '^[0-9a-f]{40}$',
  });

export const oidOf = (description: string) => textOf(description, '2.5.4.3', { maxLength: 4096, pattern: '^[0-9.]+$' });

export const listOf = <T extends TSchema>(item: T, description: string) =>
  Type.Array(item, { maxItems: most, description });

/** A number from an upload. It may be out of any sensible range. */
export const integerOf = (description: string, minimum = -Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER, format: 'int64', description });

export const pathOf = (description: string) =>
  Type.String({ maxLength: 4096, description, examples: ['users[0].user.client-certificate-data', 'pki/etcd/ca.crt'] });

const NameAttributeSchema = objectOf('One attribute.', {
  type: uploadText('`CN`, `O` … or the dotted identifier.', 'CN'),
  oid: oidOf('The attribute’s type.'),
  value: nullable(uploadText('The text.', 'jane'), 'Null if the value is not a valid string.'),
  stringType: uploadText('How it is encoded.', 'UTF8String'),
  hex: nullable(hexOf('DER of the value.'), 'Null if `value` is given.'),
});

export const InspectedNameSchema = namedObject('InspectedName', 'A distinguished name.', {
  text: uploadText('The name as text.', 'O=team-a,CN=jane'),
  rdns: listOf(listOf(NameAttributeSchema, 'One RDN.'), 'The RDNs, in the order of the encoding.'),
});

export const InspectedAlgorithmSchema = namedObject('InspectedAlgorithm', 'A signature algorithm.', {
  name: uploadText('As OpenSSL names it, or the dotted identifier.', 'sha256WithRSAEncryption'),
  oid: oidOf('The algorithm.'),
  parameters: nullable(hexOf('DER of the parameters.'), 'Null if there are none, or if they are NULL.'),
});

export const InspectedPublicKeySchema = namedObject('InspectedPublicKey', 'A public key.', {
  algorithm: uploadText('Algorithm and size.', 'ECDSA-P256', 'RSA-2048'),
  oid: oidOf('The algorithm.'),
  bits: nullable(integerOf('Size.', 0)),
  curve: nullable(uploadText('The curve of an elliptic-curve key.', 'P-256')),
  exponent: nullable(uploadText('The exponent of an RSA key, decimal.', '65537')),
  spkiSha256: sha256Of('SHA-256 of the DER SubjectPublicKeyInfo'),
});

const InspectedExtensionSchema = namedObject('InspectedExtension', 'An extension.', {
  oid: oidOf('The extension.'),
  name: uploadText('As RFC 5280 names it, or the dotted identifier.', 'keyUsage'),
  critical: Type.Boolean({
    description: 'Whether software that does not know the extension must refuse the object.',
  }),
  value: Type.Unknown({
    description: 'The decoded value; null if the extension is unknown or malformed.',
    examples: [['digitalSignature']],
  }),
  hex: nullable(hexOf('The octets of extnValue.'), 'Null if `value` is given.'),
});

export const extensions = (description: string) => listOf(ref(InspectedExtensionSchema), description);

export const nullableText = (description: string, ...examples: readonly string[]) =>
  nullable(uploadText(description, ...examples));

const path = pathOf('Where it was found; unique within the answer.');

/** The schema of one type of object. */
export const typed = <Id extends string>($id: Id, type: ObjectType, description: string, properties: TProperties) =>
  namedObject($id, description, {
    path,
    type: oneOf([type], 'The type of the object.'),
    ...properties,
  });
