import type { PrivateKeyContent, PublicKeyDescription } from '../model/inspection.js';
import { DerError, inside, onlyElement, Tag } from '@kubepass/x509';
import { normalize } from '@kubepass/x509/tree';
import { type Decoded, type Observation, Observations, type Piece, type Report } from '../model/decoded.js';
import type { DecodeContext } from '../model/budget.js';
import { describePublicKey } from '../x509/describe-public-key.js';
import {
  type Encryption,
  openEncrypted,
  readEncryption,
  readLegacyEncryption,
  weakEncryption,
} from './encryption/encryption.js';
import { isLegacyEncrypted, looksLikeOpenSshKey, openSshNames, shapeOfPrivateKey } from '../der/recognise.js';
import { readPublicHalf, type UnencryptedShape, unreadableHalf } from './public-half.js';

type Encoding = PrivateKeyContent['encoding'];

const observe = (code: Observation['code'], message: string): Observation => ({ code, message });

const unprotected = observe('PrivateKeyUnprotected', 'the private key is not encrypted');

/**
 * Decodes a private key: PKCS#1, SEC1, PKCS#8, encrypted PKCS#8, or legacy encrypted PEM. Only its SubjectPublicKeyInfo
 * leaves this function, and decrypted octets are overwritten before it returns. Keys of OpenSSH are named, not decoded.
 */
export function decodePrivateKey(piece: Piece, context: DecodeContext): Decoded {
  if (isLegacyEncrypted(piece))
    return decodeWithPassword('LegacyEncryptedPEM', readLegacyEncryption(piece.headers), piece.bytes, context);
  if (looksLikeOpenSshKey(piece.bytes)) return nameOpenSshKey(piece.bytes);
  const normalized = normalize(piece.bytes);
  if (!normalized.ok) return unreadable(encodingOfLabel(piece.label), normalized.problem);
  const shape = shapeOfPrivateKey(normalized.der);
  if (shape === null) return unreadable(encodingOfLabel(piece.label), 'it is not built like a private key');
  const result =
    shape === 'EncryptedPKCS#8'
      ? decodeEncrypted(normalized.der, context)
      : decoded(encodingOf(shape), null, (report) => readPublicHalf(normalized.der, shape, report), [unprotected]);
  return { ...result, observations: [...normalized.observations, ...result.observations] };
}

function decodeEncrypted(der: Buffer, context: DecodeContext): Decoded {
  const encoding = 'EncryptedPKCS#8';
  let encryption: Encryption;
  let ciphertext: Buffer;
  try {
    const reader = inside(onlyElement(der, 'the encrypted key'));
    encryption = readEncryption(reader.expect(Tag.SEQUENCE, 'the encryption scheme'));
    ciphertext = reader.expect(Tag.OCTET_STRING, 'the encrypted key').content;
    reader.end('the encrypted key');
  } catch (error) {
    if (error instanceof DerError) return unreadable(encoding, error.message, 'encrypted');
    throw error;
  }
  return decodeWithPassword(encoding, encryption, ciphertext, context);
}

function decodeWithPassword(
  encoding: Encoding,
  encryption: Encryption,
  ciphertext: Buffer,
  context: DecodeContext,
): Decoded {
  const observations = [
    ...weakEncryption('the private key', encryption.weaknesses),
    ...(encryption.legacy
      ? [observe('LegacyKeyFormat', `the private key is encrypted in an old way: ${encryption.description}`)]
      : []),
  ];
  const opening = openEncrypted('the private key', encryption, ciphertext, context);
  if (!Buffer.isBuffer(opening)) return decoded(encoding, encryption.description, closed, [...observations, opening]);
  try {
    const shape = shapeOfPrivateKey(opening);
    const half: Half = (report) =>
      shape === null || shape === 'EncryptedPKCS#8'
        ? unreadableHalf('what is encrypted is not built like a private key', report)
        : readPublicHalf(opening, shape, report);
    return decoded(encoding, encryption.description, half, observations);
  } finally {
    opening.fill(0);
  }
}

/**
 * Names a key of OpenSSH, which is no credential of Kubernetes. Only the names of its cipher and of its algorithm are
 * read, so nothing is said about its public key.
 */
function nameOpenSshKey(bytes: Buffer): Decoded {
  const { cipher, algorithm } = openSshNames(bytes);
  if (cipher === null) return unreadable('OpenSSH', 'the name of its cipher is cut off');
  const [, name] = openSshAlgorithms.exec(algorithm ?? '') ?? [];
  const type = name === undefined ? '' : ` of type ${name.toUpperCase().replace('ED', 'Ed')}`;
  const limit = name === 'ed25519' ? '. ssh-keygen converts no such key' : '';
  const format = observe('OpenSshKey', `the private key${type} stands in the format of OpenSSH${limit}`);
  if (cipher === 'none') return decoded('OpenSSH', null, closed, [format, unprotected]);
  // Unknown names are not quoted: they may be anything.
  const encryption = openSshCiphers.test(cipher) ? cipher : 'an unknown cipher';
  const message = `the private key is encrypted with ${encryption} in the format of OpenSSH`;
  return decoded('OpenSSH', encryption, closed, [format, observe('EncryptionUnsupported', message)]);
}

const openSshCiphers = /^(aes(128|192|256)-(ctr|cbc|gcm@openssh\.com)|chacha20-poly1305@openssh\.com|3des-cbc)$/;

const openSshAlgorithms = /^(?:ssh-)?(rsa|ed25519|ecdsa)(?:-sha2-nistp(?:256|384|521))?$/;

/**
 * The traditional DSA form of OpenSSL is called PKCS#1: it is to DSA as PKCS#1 is to RSA, and has no name of its own.
 */
const encodingOf = (shape: UnencryptedShape): Encoding => (shape === 'DSA' ? 'PKCS#1' : shape);

const encodingOfLabel = (label: string | null): Encoding => encodings.get(label ?? '') ?? 'PKCS#8';

const encodings: ReadonlyMap<string, Encoding> = new Map([
  ['RSA PRIVATE KEY', 'PKCS#1'],
  ['DSA PRIVATE KEY', 'PKCS#1'],
  ['EC PRIVATE KEY', 'SEC1'],
  ['ENCRYPTED PRIVATE KEY', 'EncryptedPKCS#8'],
  ['OPENSSH PRIVATE KEY', 'OpenSSH'],
]);

/** Reads the SubjectPublicKeyInfo, and reports what is wrong with it. */
type Half = (report: Report) => Buffer | null;

/** The key is closed, or not decoded. */
const closed: Half = () => null;

function decoded(
  encoding: Encoding,
  encryption: string | null,
  half: Half,
  observations: readonly Observation[],
): Decoded {
  const all = new Observations();
  const subjectPublicKeyInfo = half(all.report);
  const publicKey = subjectPublicKeyInfo && describeHalf(subjectPublicKeyInfo, all.report);
  all.addAll(observations);
  return {
    content: { type: 'PrivateKey', encoding, encrypted: encryption !== null, encryption, publicKey },
    material: publicKey && { kind: 'privateKey', subjectPublicKeyInfo },
    observations: once(all.toArray()),
    pieces: [],
  };
}

/** Null where the public half cannot be read. */
function describeHalf(subjectPublicKeyInfo: Buffer, report: Report): PublicKeyDescription | null {
  try {
    return describePublicKey(subjectPublicKeyInfo, report);
  } catch (error) {
    if (error instanceof DerError) return unreadableHalf(error.message, report);
    throw error;
  }
}

/** The reading of a private key and that of its public half may come to the same finding. */
const once = (observations: readonly Observation[]): readonly Observation[] =>
  observations.filter(({ code }, i) => observations.findIndex((other) => other.code === code) === i);

const unreadable = (encoding: Encoding, problem: string, encryption: string | null = null): Decoded =>
  decoded(encoding, encryption, (report) => unreadableHalf(problem, report), []);
