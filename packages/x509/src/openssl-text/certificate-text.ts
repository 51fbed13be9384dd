import {
  contextConstructed,
  type DerElement,
  DerError,
  DerReader,
  inside,
  readAll,
  readOrNull,
  Tag,
} from '../strict/der.js';
import {
  type CertificateTree,
  type CertificationRequestTree,
  extensionRequests,
  readCertificateTree,
  type RequestAttribute,
  type SignedObject,
} from '../tree/signed-object.js';
import {
  type BitString,
  clearedOctets,
  dottedIdentifier,
  magnitudeOf,
  readSequence,
  signedMagnitude,
} from '../tree/values.js';
import { distinguishedNameText } from './name-text.js';
import {
  decodeOctets,
  hexBlock,
  hexPairs,
  indentation,
  integerHex,
  labeledNumber,
  octets,
  octetsUntilNul,
  printableOctets,
  type PrintPlace,
  timeText,
  upperHexPairs,
} from './printing.js';
import { publicKeyText } from './public-key-text.js';
import type { ExtensionTree } from '../tree/extension.js';
import { cutToBuffer, type ObjectNames, objectNames as names, objectNamesOfRequests } from './object-names.js';
import { type AlgorithmIdentifier, readAlgorithm, rsassaPss } from '../tree/public-key.js';
import { extensionPrinters } from './extension-printers.js';
import { octetPrinters } from './profile-printers.js';

/**
 * A certificate as `openssl x509 -noout -text` of OpenSSL 3.5 shows it.
 *
 * `docs/inspection.md` lists the known differences.
 *
 * @throws DerError when the bytes are not one DER certificate (RFC 5280 4.1).
 */
export const certificateText = (der: Uint8Array): string =>
  certificateTreeText(readCertificateTree(Buffer.from(der.buffer, der.byteOffset, der.byteLength)));

/**
 * The same for a certificate that has been read.
 *
 * @throws DerError when OpenSSL does not load it.
 */
export function certificateTreeText(certificate: CertificateTree): string {
  const [trailing] = certificate.trailing;
  if (trailing !== undefined) throw new DerError(`${trailing} has trailing data`, 0);
  const { extensions } = certificate;
  return decodeOctets(
    'Certificate:\n    Data:\n' +
      // RFC 5280 4.1.2.1: v1 is 0 and the default.
      versionText(certificate.version, 2n) +
      serialNumberText(certificate.serialNumber) +
      signatureAlgorithmText(certificate.innerAlgorithm, names) +
      `        Issuer: ${distinguishedNameText(certificate.issuer, names)}\n` +
      '        Validity\n' +
      `            Not Before: ${timeText(certificate.notBefore)}\n` +
      `            Not After : ${timeText(certificate.notAfter)}\n` +
      `        Subject: ${distinguishedNameText(certificate.subject, names)}\n` +
      publicKeyText(certificate.publicKey, names) +
      uniqueIdText('Issuer', certificate.issuerUniqueId) +
      uniqueIdText('Subject', certificate.subjectUniqueId) +
      (extensions?.length ? `        X509v3 extensions:\n${extensionListText(extensions, names, 12)}` : '') +
      signatureText(certificate, names) +
      (readOrNull(() => trustText(new DerReader(certificate.trust))) ?? ''),
  );
}

/** X509_CERT_AUX, which OpenSSL puts behind a TRUSTED CERTIFICATE. */
const trustText = (reader: DerReader): string =>
  readSequence(reader, 'the trust', (fields) => {
    const uses = (tag: number, verb: string): string => {
      const list = fields.optional(tag);
      if (list === undefined) return `No ${verb} Uses.\n`;
      const read = (each: DerReader) => dottedIdentifier(each.expect(Tag.OBJECT_IDENTIFIER, 'a use'));
      return `${verb} Uses:\n  ${readAll(inside(list), read)
        .map((use) => cutToBuffer(names.long(use)))
        .join(', ')}\n`;
    };
    const text = uses(Tag.SEQUENCE, 'Trusted') + uses(contextConstructed(0), 'Rejected');
    const alias = fields.optional(Tag.UTF8_STRING);
    const keyId = fields.optional(Tag.OCTET_STRING);
    const other = fields.optional(contextConstructed(1));
    if (other) readAll(inside(other), (each) => readAlgorithm(each, 'another mark of trust'));
    return (
      text +
      (alias ? `Alias: ${octetsUntilNul(alias.content)}\n` : '') +
      (keyId ? `Key Id: ${upperHexPairs(keyId.content)}\n` : '')
    );
  });

/** A version up to `highest`, as it is encoded. */
function versionText(element: DerElement | null, highest: bigint): string {
  const { negative, octets } = element ? signedMagnitude(element) : { negative: false, octets: Buffer.of(0) };
  // OpenSSL prints -1 for a number that a C long cannot hold.
  const version = octets.length > 8 ? -1n : (negative ? -1n : 1n) * magnitudeOf(octets);
  return version >= 0n && version <= highest
    ? `        Version: ${version + 1n} (0x${version.toString(16)})\n`
    : `        Version: Unknown (${version})\n`;
}

/** A number that fits a signed 64-bit integer stands beside the label, in decimal too; any other stands below it. */
function serialNumberText(element: DerElement): string {
  const { negative, octets } = signedMagnitude(element);
  const magnitude = magnitudeOf(octets);
  if (magnitude < 1n << 63n || (negative && magnitude === 1n << 63n)) {
    const sign = negative ? '-' : '';
    return `        Serial Number: ${sign}${magnitude} (${sign}0x${magnitude.toString(16)})\n`;
  }
  return `        Serial Number:\n            ${negative ? ' (Negative)' : ''}${hexPairs(octets)}\n`;
}

const uniqueIdText = (whose: string, bits: BitString | null): string =>
  bits ? `        ${whose} Unique ID: ${hexBlock(clearedOctets(bits), 12, 18)}\n` : '';

/**
 * A certification request as `openssl req -noout -text` of OpenSSL 3.5 shows it. The differences are those of
 * `certificateText`.
 *
 * @throws DerError when OpenSSL does not load it.
 */
export function certificationRequestText(request: CertificationRequestTree): string {
  const [trailing] = request.trailing;
  if (trailing !== undefined) throw new DerError(`${trailing} has trailing data`, 0);
  return decodeOctets(
    'Certificate Request:\n    Data:\n' +
      // RFC 2986 4.1: there is one version, and it is 0.
      versionText(request.version, 0n) +
      `        Subject: ${distinguishedNameText(request.subject, objectNamesOfRequests)}\n` +
      publicKeyText(request.publicKey, objectNamesOfRequests) +
      attributesText(request.attributes) +
      signatureText(request, objectNamesOfRequests),
  );
}

function attributesText(attributes: readonly RequestAttribute[] | null): string {
  let text = '        Attributes:\n';
  if (attributes?.length === 0) text += '            (none)\n';
  for (const attribute of attributes ?? []) {
    if (attribute.hasTrailingData) throw new DerError('an attribute has trailing data', 0);
    if (!extensionRequests.includes(attribute.type)) text += attributeText(attribute);
  }
  const extensions = requestedExtensions(attributes ?? []);
  if (extensions)
    text += `            Requested Extensions:\n${extensionListText(extensions, objectNamesOfRequests, 16)}`;
  return text;
}

/** The first extensions that are asked for; undefined when an attribute that should hold them holds something else. */
function requestedExtensions(attributes: readonly RequestAttribute[]): readonly ExtensionTree[] | undefined {
  for (const request of extensionRequests) {
    const attribute = attributes.find(({ type }) => type === request);
    if (attribute === undefined) continue;
    const { extensions } = attribute;
    if (extensions === null || extensions.some(({ hasTrailingData }) => hasTrailingData)) return undefined;
    if (extensions.length > 0) return extensions;
  }
  return [];
}

const readableTags: ReadonlySet<number> = new Set([
  Tag.PRINTABLE_STRING,
  Tag.T61_STRING,
  Tag.NUMERIC_STRING,
  Tag.UTF8_STRING,
  Tag.IA5_STRING,
]);
const columnOfValues = 25;

function attributeText({ type, values }: RequestAttribute): string {
  // RFC 2986 4.1: SET SIZE(1..MAX)
  if (values.length === 0) throw new DerError(`attribute ${type} has no value`, 0);
  const name = objectNamesOfRequests.long(type);
  return values
    .map(({ tag, content }, i) => {
      // A value after the first has no name before it; OpenSSL counts what a long name took beyond its column twice.
      const column = i === 1 ? Math.max(columnOfValues, name.length) : columnOfValues;
      const label = i === 0 ? indentation(12) + name.padEnd(column) : indentation(column);
      return `${label}:${readableTags.has(tag) ? octets(content) : 'unable to print attribute'}\n`;
    })
    .join('');
}

const signatureIndent = 8;

/** Signatures that OpenSSL takes apart: DSA with SHA-1 (three identifiers), SHA-224 and SHA-256. */
const dsaSignatures = new Set([
  '1.2.840.10040.4.3',
  '1.3.14.3.2.13',
  '1.3.14.3.2.27',
  '2.16.840.1.101.3.4.3.1',
  '2.16.840.1.101.3.4.3.2',
]);

/** The line in the signed part, with the parameters of RSASSA-PSS below it. */
const signatureAlgorithmText = (algorithm: AlgorithmIdentifier, names: ObjectNames): string =>
  `        Signature Algorithm: ${names.long(algorithm.oid)}${parametersText(algorithm, names)}\n`;

/** Algorithm and value at the end of a certificate or request. */
function signatureText({ algorithm, signature }: SignedObject, names: ObjectNames): string {
  const octets = clearedOctets(signature);
  return (
    `    Signature Algorithm: ${names.long(algorithm.oid)}\n` +
    `    Signature Value:${parametersText(algorithm, names)}\n` +
    ((dsaSignatures.has(algorithm.oid) ? dsaSignatureText(octets) : null) ??
      `${hexBlock(octets, signatureIndent, 18)}\n`)
  );
}

function parametersText(algorithm: AlgorithmIdentifier, names: ObjectNames): string {
  if (algorithm.oid !== rsassaPss) return '';
  const margin = indentation(signatureIndent);
  const lines = readOrNull(() => pssParameterLines(algorithm, names));
  return lines === null ? `${margin}(INVALID PSS PARAMETERS)` : `${margin}\n${margin}${lines.join(`\n${margin}`)}`;
}

function pssParameterLines({ rsaPss }: AlgorithmIdentifier, names: ObjectNames): string[] {
  if (rsaPss === null) throw new DerError('the parameters of RSASSA-PSS are malformed', 0);
  const { hash, mask, saltLength, trailerField } = rsaPss;
  if (mask?.hash === null) throw new DerError('a mask generation function is not MGF1 with its hash', 0);
  return [
    `Hash Algorithm: ${hash === null ? 'sha1 (default)' : names.long(hash)}`,
    `Mask Algorithm: ${mask ? `${names.long(mask.algorithm)} with ${names.long(mask.hash)}` : 'mgf1 with sha1 (default)'}`,
    ` Salt Length: 0x${saltLength ? integerHex(saltLength) : '14 (default)'}`,
    `Trailer Field: 0x${trailerField ? integerHex(trailerField) : '01 (default)'}`,
  ];
}

/** Dss-Sig-Value (RFC 3279 2.2.2) without what follows it; null for octets that are no such signature. */
const dsaSignatureText = (signature: Buffer): string | null =>
  readOrNull(() =>
    readSequence(new DerReader(signature), 'a DSA signature', (fields) => {
      const numberText = (label: string): string => {
        const { negative, octets } = signedMagnitude(fields.expect(Tag.INTEGER, label));
        if (negative) throw new DerError('a number of a DSA signature is negative', 0);
        return labeledNumber(`${label}   `, octets, signatureIndent);
      };
      return numberText('r:') + numberText('s:');
    }),
  );

/**
 * Each extension's name and, below it, its value.
 *
 * @throws DerError when something follows the value of an extension.
 */
function extensionListText(extensions: readonly ExtensionTree[], names: ObjectNames, indent: number): string {
  return extensions
    .map((extension) => {
      const { oid, critical, hasTrailingData } = extension;
      if (hasTrailingData) throw new DerError('an extension has trailing data', 0);
      const heading = `${indentation(indent)}${names.long(oid)}: ${critical ? 'critical' : ''}`;
      return `${heading}\n${valueText(extension, names, indent + 4)}\n`;
    })
    .join('');
}

/** The octets of the value where OpenSSL has no other way to print it. */
const valueText = (extension: ExtensionTree, names: ObjectNames, indent: number): string =>
  readOrNull(() => printed(extension, { indent, names })) ?? indentation(indent) + printableOctets(extension.value);

function printed(extension: ExtensionTree, place: PrintPlace): string | undefined {
  const print = extensionPrinters.get(extension.oid);
  if (print === undefined) return octetPrinters.get(extension.oid)?.(extension.value, place);
  const value = extension.contents?.asWritten ?? null;
  return value === null ? undefined : print(value, place);
}
