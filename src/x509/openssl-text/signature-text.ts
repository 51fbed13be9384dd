import { DerError, inside, onlyElement, Tag, type DerElement } from '../strict/der.js';
import type { Algorithm } from './algorithm.js';
import { hexBlock } from './hex-block.js';
import { labeledNumber } from './labeled-values.js';
import { indentation } from './octets.js';
import type { ObjectNames } from './object-names.js';
import { maskHash, readRsaPssParameters, rsassaPss } from './rsa-pss.js';
import { integerHex, readBits, readSignedMagnitude } from './values.js';

const indent = 8;

/** DSA with SHA-1 (three identifiers), SHA-224 and SHA-256: signatures that OpenSSL takes apart. */
const dsaSignatures = new Set([
  '1.2.840.10040.4.3',
  '1.3.14.3.2.13',
  '1.3.14.3.2.27',
  '2.16.840.1.101.3.4.3.1',
  '2.16.840.1.101.3.4.3.2',
]);

/** The line (and for RSASSA-PSS the parameters) that stands in the signed part. */
export const signatureAlgorithmText = (algorithm: Algorithm, names: ObjectNames): string =>
  `        Signature Algorithm: ${names.long(algorithm.algorithm)}${parametersText(algorithm, names)}\n`;

/** Algorithm and value at the end of a certificate or request. `value` is a BIT STRING. */
export function signatureText(algorithm: Algorithm, value: DerElement, names: ObjectNames): string {
  const { octets } = readBits(value);
  return (
    `    Signature Algorithm: ${names.long(algorithm.algorithm)}\n` +
    `    Signature Value:${parametersText(algorithm, names)}\n` +
    ((dsaSignatures.has(algorithm.algorithm) ? dsaSignatureText(octets) : undefined) ??
      `${hexBlock(octets, indent, 18)}\n`)
  );
}

function parametersText(algorithm: Algorithm, names: ObjectNames): string {
  if (algorithm.algorithm !== rsassaPss) return '';
  const margin = indentation(indent);
  try {
    return `${margin}\n${margin}${pssParameterLines(algorithm, names).join(`\n${margin}`)}`;
  } catch (error) {
    if (error instanceof DerError) return `${margin}(INVALID PSS PARAMETERS)`;
    throw error;
  }
}

function pssParameterLines(algorithm: Algorithm, names: ObjectNames): string[] {
  const { hash, mask, saltLength, trailerField } = readRsaPssParameters(algorithm);
  const maskText = mask && `${names.long(mask.algorithm)} with ${names.long(maskHash(mask))}`;
  return [
    `Hash Algorithm: ${hash ? names.long(hash.algorithm) : 'sha1 (default)'}`,
    `Mask Algorithm: ${maskText ?? 'mgf1 with sha1 (default)'}`,
    ` Salt Length: 0x${saltLength ? integerHex(saltLength) : '14 (default)'}`,
    `Trailer Field: 0x${trailerField ? integerHex(trailerField) : '01 (default)'}`,
  ];
}

/** Dss-Sig-Value (RFC 3279 2.2.2); undefined where the signature is none. */
function dsaSignatureText(signature: Buffer): string | undefined {
  try {
    const fields = inside(onlyElement(signature, 'a DSA signature'));
    const r = readSignedMagnitude(fields.expect(Tag.INTEGER, 'r'));
    const s = readSignedMagnitude(fields.expect(Tag.INTEGER, 's'));
    fields.end('a DSA signature');
    return labeledNumber('r:   ', r.octets, indent) + labeledNumber('s:   ', s.octets, indent);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
