import { DerError, DerReader, inside, Tag } from '../strict/der.js';
import { parameterFields, readAlgorithm, type Algorithm } from './algorithm.js';
import { bitLength } from './bit-length.js';
import { ellipticCurveKeyText } from './elliptic-curve-key-text.js';
import { labeledNumber, labeledOctets } from './labeled-values.js';
import { indentation } from './octets.js';
import { objectNames, type ObjectNames } from './object-names.js';
import { maskHash, readRsaPssParameters, rsassaPss } from './rsa-pss.js';
import { integerText, magnitudeOf, readBits, readSignedMagnitude } from './values.js';

const indent = 16;

/** SubjectPublicKeyInfo (RFC 5280 4.1.2.7), read from where it stands. */
export function publicKeyText(reader: DerReader, names: ObjectNames): string {
  const info = reader.expect(Tag.SEQUENCE, 'the public key');
  const fields = inside(info);
  const algorithm = readAlgorithm(fields);
  const { octets } = readBits(fields.expect(Tag.BIT_STRING, 'the bits of the public key'));
  fields.end('the public key');
  return (
    `        Subject Public Key Info:\n` +
    `            Public Key Algorithm: ${names.long(algorithm.algorithm)}\n` +
    keyText(algorithm, octets, info.raw)
  );
}

function keyText(algorithm: Algorithm, key: Buffer, info: Buffer): string {
  try {
    const text = keyPrinters[algorithm.algorithm]?.(algorithm, key, info) ?? postQuantumKeyText(algorithm, key);
    if (text !== undefined) return text;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  return '            Unable to load Public Key\n';
}

type KeyPrinter = (algorithm: Algorithm, key: Buffer, info: Buffer) => string | undefined;

const keyPrinters: Readonly<Record<string, KeyPrinter>> = {
  '1.2.840.113549.1.1.1': (_, key) => rsaKeyText(key),
  '2.5.8.1.1': (_, key) => rsaKeyText(key),
  [rsassaPss]: (algorithm, key) => rsaKeyText(key) + pssRestrictionsText(algorithm),
  '1.2.840.10040.4.1': dsaKeyText,
  '1.2.840.10045.2.1': ({ parameters }, key, info) => ellipticCurveKeyText(parameters, key, info, indent),
  '1.3.101.110': montgomeryOrEdwards('X25519', 32),
  '1.3.101.111': montgomeryOrEdwards('X448', 56),
  '1.3.101.112': montgomeryOrEdwards('ED25519', 32),
  '1.3.101.113': montgomeryOrEdwards('ED448', 57),
};

/** RFC 8410 4: the bits are the key itself, without parameters. */
function montgomeryOrEdwards(name: string, size: number): KeyPrinter {
  return ({ parameters }, key) =>
    parameters === undefined && key.length === size ? rawKeyText(name, 'pub:', key) : undefined;
}

const rawKeyText = (name: string, label: string, key: Buffer): string =>
  `${indentation(indent)}${name} Public-Key:\n${labeledOctets(label, key, indent)}`;

/** FIPS 203, 204 and 205: what the name tells of the size of an encoded key. */
const postQuantumKeySizes: readonly (readonly [RegExp, number, string])[] = [
  [/^ML-DSA-44$/, 1312, 'pub:'],
  [/^ML-DSA-65$/, 1952, 'pub:'],
  [/^ML-DSA-87$/, 2592, 'pub:'],
  [/^ML-KEM-512$/, 800, 'ek:'],
  [/^ML-KEM-768$/, 1184, 'ek:'],
  [/^ML-KEM-1024$/, 1568, 'ek:'],
  [/^SLH-DSA-.*-128[sf]$/, 32, 'pub:'],
  [/^SLH-DSA-.*-192[sf]$/, 48, 'pub:'],
  [/^SLH-DSA-.*-256[sf]$/, 64, 'pub:'],
];

function postQuantumKeyText({ algorithm, parameters }: Algorithm, key: Buffer): string | undefined {
  const name = objectNames.long(algorithm);
  const [, size, label = ''] = postQuantumKeySizes.find(([pattern]) => pattern.test(name)) ?? [];
  return parameters === undefined && key.length === size ? rawKeyText(name, label, key) : undefined;
}

/** RSAPublicKey (RFC 8017 A.1.1). */
function rsaKeyText(key: Buffer): string {
  const fields = inside(new DerReader(key).expect(Tag.SEQUENCE, 'an RSA public key'));
  const modulus = fields.expect(Tag.INTEGER, 'the modulus').content;
  const exponent = fields.expect(Tag.INTEGER, 'the exponent').content;
  fields.end('an RSA public key');
  return (
    `${indentation(indent)}Public-Key: (${bitLength(modulus)} bit)\n` +
    labeledNumber('Modulus:', modulus, indent) +
    labeledNumber('Exponent:', exponent, indent)
  );
}

const sha1 = '1.3.14.3.2.26';
const restrictionHashes: Readonly<Record<string, string>> = {
  [sha1]: 'SHA1',
  '2.16.840.1.101.3.4.2.4': 'SHA2-224',
  '2.16.840.1.101.3.4.2.1': 'SHA2-256',
  '2.16.840.1.101.3.4.2.2': 'SHA2-384',
  '2.16.840.1.101.3.4.2.3': 'SHA2-512',
  '2.16.840.1.101.3.4.2.5': 'SHA2-512/224',
  '2.16.840.1.101.3.4.2.6': 'SHA2-512/256',
};

/** RFC 4055 3.1: parameters beside an RSASSA-PSS key bind those of its signatures. */
function pssRestrictionsText(algorithm: Algorithm): string {
  if (algorithm.parameters === undefined) return `${indentation(indent)}No PSS parameter restrictions\n`;
  const { hash, mask, saltLength, trailerField } = readRsaPssParameters(algorithm);
  const hashName = restrictionHashes[hash?.algorithm ?? sha1];
  if (hashName === undefined) throw new DerError('an RSASSA-PSS key is restricted to an unknown hash', 0);
  const maskName = restrictionHashes[mask ? maskHash(mask) : sha1] ?? '<NULL>';
  const salt = saltLength ? integerText(saltLength) : '20';
  const trailer = trailerField ? magnitudeOf(readSignedMagnitude(trailerField).octets) : 1n;
  const orDefault = (value: string, standard: string): string => (value === standard ? `${value} (default)` : value);
  return [
    'PSS parameter restrictions:',
    `  Hash Algorithm: ${orDefault(hashName, 'SHA1')}`,
    `  Mask Algorithm: MGF1 with ${orDefault(maskName, 'SHA1')}`,
    `  Minimum Salt Length: ${orDefault(salt, '20')}`,
    `  Trailer Field: ${orDefault(`0x${trailer.toString(16)}`, '0x1')}`,
  ]
    .map((line) => `${indentation(indent)}${line}\n`)
    .join('');
}

/** DSAPublicKey with Dss-Parms (RFC 3279 2.3.2). */
function dsaKeyText(algorithm: Algorithm, key: Buffer): string {
  const y = new DerReader(key).expect(Tag.INTEGER, 'a DSA public key');
  const fields = parameterFields(algorithm);
  const integer = (what: string): Buffer => fields.expect(Tag.INTEGER, what).content;
  const [p, q, g] = [integer('p'), integer('q'), integer('g')];
  fields.end('the parameters of a DSA key');
  return (
    `${indentation(indent)}Public-Key: (${bitLength(p)} bit)\n` +
    labeledNumber('pub: ', y.content, indent) +
    labeledNumber('P:   ', p, indent) +
    labeledNumber('Q:   ', q, indent) +
    labeledNumber('G:   ', g, indent)
  );
}
