import { type DerElement, DerError, inside, onlyElement, readOrNull, Tag } from '../strict/der.js';
import { type AlgorithmIdentifier, rsassaPss } from '../tree/public-key.js';
import type { SignedObject } from '../tree/signed-object.js';
import { clearedOctets, signedMagnitude } from '../tree/values.js';
import type { ObjectNames } from './object-names.js';
import { brokenHex, hexBlock, indentation, labeledNumber } from './printing.js';

const indent = 8;

/** Signatures that OpenSSL takes apart: DSA with SHA-1 (three identifiers), SHA-224 and SHA-256. */
const dsaSignatures = new Set([
  '1.2.840.10040.4.3',
  '1.3.14.3.2.13',
  '1.3.14.3.2.27',
  '2.16.840.1.101.3.4.3.1',
  '2.16.840.1.101.3.4.3.2',
]);

/** The line in the signed part, with the parameters of RSASSA-PSS below it. */
export const signatureAlgorithmText = (algorithm: AlgorithmIdentifier, names: ObjectNames): string =>
  `        Signature Algorithm: ${names.long(algorithm.oid)}${parametersText(algorithm, names)}\n`;

/** Algorithm and value at the end of a certificate or request. */
export function signatureText({ algorithm, signature }: SignedObject, names: ObjectNames): string {
  const octets = clearedOctets(signature);
  return (
    `    Signature Algorithm: ${names.long(algorithm.oid)}\n` +
    `    Signature Value:${parametersText(algorithm, names)}\n` +
    ((dsaSignatures.has(algorithm.oid) ? dsaSignatureText(octets) : null) ?? `${hexBlock(octets, indent, 18)}\n`)
  );
}

function parametersText(algorithm: AlgorithmIdentifier, names: ObjectNames): string {
  if (algorithm.oid !== rsassaPss) return '';
  const margin = indentation(indent);
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

/** Hexadecimal octets of the magnitude, as OpenSSL prints the integers of parameters. */
export function integerHex(element: DerElement): string {
  const { negative, octets } = signedMagnitude(element);
  return (negative ? '-' : '') + brokenHex(octets);
}

/** Dss-Sig-Value (RFC 3279 2.2.2); null for a signature that is none. */
const dsaSignatureText = (signature: Buffer): string | null =>
  readOrNull(() => {
    const fields = inside(onlyElement(signature, 'a DSA signature'));
    const r = signedMagnitude(fields.expect(Tag.INTEGER, 'r'));
    const s = signedMagnitude(fields.expect(Tag.INTEGER, 's'));
    fields.end('a DSA signature');
    return labeledNumber('r:   ', r.octets, indent) + labeledNumber('s:   ', s.octets, indent);
  });
