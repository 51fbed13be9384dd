import { DerError, DerReader, inside, readOrNull, Tag } from '../strict/der.js';
import { type AlgorithmIdentifier, type PublicKeyTree, rsassaPss } from '../tree/public-key.js';
import { bitLengthOf, integerText, magnitudeOf, signedMagnitude } from '../tree/values.js';
import { ellipticCurveKeyText } from './elliptic-curve-key-text.js';
import { objectNames, type ObjectNames } from './object-names.js';
import { indentation, labeledNumber, labeledOctets } from './printing.js';

const indent = 16;

/** A SubjectPublicKeyInfo (RFC 5280 4.1.2.7). */
export const publicKeyText = (publicKey: PublicKeyTree, names: ObjectNames): string =>
  `        Subject Public Key Info:\n` +
  `            Public Key Algorithm: ${names.long(publicKey.algorithm.oid)}\n` +
  keyText(publicKey);

const keyText = (publicKey: PublicKeyTree): string =>
  readOrNull(() => keyPrinters[publicKey.algorithm.oid]?.(publicKey) ?? postQuantumKeyText(publicKey)) ??
  '            Unable to load Public Key\n';

type KeyPrinter = (publicKey: PublicKeyTree) => string | undefined;

const keyPrinters: Readonly<Record<string, KeyPrinter>> = {
  '1.2.840.113549.1.1.1': rsaKeyText,
  '2.5.8.1.1': rsaKeyText,
  [rsassaPss]: (publicKey) => rsaKeyText(publicKey) + pssRestrictionsText(publicKey.algorithm),
  '1.2.840.10040.4.1': dsaKeyText,
  '1.2.840.10045.2.1': (publicKey) => ellipticCurveKeyText(publicKey, indent),
  '1.3.101.110': montgomeryOrEdwards('X25519', 32),
  '1.3.101.111': montgomeryOrEdwards('X448', 56),
  '1.3.101.112': montgomeryOrEdwards('ED25519', 32),
  '1.3.101.113': montgomeryOrEdwards('ED448', 57),
};

/** RFC 8410 4: the bits are the key itself, without parameters. */
function montgomeryOrEdwards(name: string, size: number): KeyPrinter {
  return ({ algorithm, octets }) =>
    algorithm.parameters === null && octets.length === size ? rawKeyText(name, 'pub:', octets) : undefined;
}

const rawKeyText = (name: string, label: string, key: Buffer): string =>
  `${indentation(indent)}${name} Public-Key:\n${labeledOctets(label, key, indent)}`;

/** The size of an encoded key by the name of its algorithm (FIPS 203, 204, 205). */
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

function postQuantumKeyText({ algorithm, octets }: PublicKeyTree): string | undefined {
  const name = objectNames.long(algorithm.oid);
  const [, size, label = ''] = postQuantumKeySizes.find(([pattern]) => pattern.test(name)) ?? [];
  return algorithm.parameters === null && octets.length === size ? rawKeyText(name, label, octets) : undefined;
}

/** RSAPublicKey (RFC 8017 A.1.1). */
function rsaKeyText({ rsa }: PublicKeyTree): string {
  const key = rsa?.asWritten ?? null;
  if (key === null) throw new DerError('an RSA public key is malformed', 0);
  return (
    `${indentation(indent)}Public-Key: (${bitLengthOf(key.modulus.content)} bit)\n` +
    labeledNumber('Modulus:', key.modulus.content, indent) +
    labeledNumber('Exponent:', key.exponent.content, indent)
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
function pssRestrictionsText({ parameters, rsaPss }: AlgorithmIdentifier): string {
  if (parameters === null) return `${indentation(indent)}No PSS parameter restrictions\n`;
  if (rsaPss === null) throw new DerError('the parameters of an RSASSA-PSS key are malformed', parameters.offset);
  const { hash, mask, saltLength, trailerField } = rsaPss;
  const hashName = restrictionHashes[hash ?? sha1];
  if (hashName === undefined) throw new DerError('an RSASSA-PSS key is restricted to an unknown hash', 0);
  if (mask?.hash === null) throw new DerError('a mask generation function is not MGF1 with its hash', 0);
  const maskName = restrictionHashes[mask?.hash ?? sha1] ?? '<NULL>';
  const salt = saltLength ? integerText(saltLength) : '20';
  const trailer = trailerField ? magnitudeOf(signedMagnitude(trailerField).octets) : 1n;
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
function dsaKeyText({ algorithm: { parameters }, octets }: PublicKeyTree): string {
  const y = new DerReader(octets).expect(Tag.INTEGER, 'a DSA public key');
  if (parameters?.tag !== Tag.SEQUENCE) throw new DerError('the parameters of a DSA key are no SEQUENCE', 0);
  const fields = inside(parameters);
  const integer = (what: string): Buffer => fields.expect(Tag.INTEGER, what).content;
  const [p, q, g] = [integer('p'), integer('q'), integer('g')];
  fields.end('the parameters of a DSA key');
  return (
    `${indentation(indent)}Public-Key: (${bitLengthOf(p)} bit)\n` +
    labeledNumber('pub: ', y.content, indent) +
    labeledNumber('P:   ', p, indent) +
    labeledNumber('Q:   ', q, indent) +
    labeledNumber('G:   ', g, indent)
  );
}
