import type { PrivateKeyContent, PublicKeyDescription } from '../../model/inspection.js';
import { DerError, type DerElement, inside, onlyElement, Tag } from '../../x509/strict/der.js';
import { normalize } from '../../x509/tree/ber/normalize.js';
import type { DecodeContext, Decoded, KeyMaterial, Observation, Piece } from '../decoded.js';
import { describePublicKey } from '../x509/describe-public-key.js';
import { readDsaPrivateKey } from './dsa-private-key.js';
import { readEllipticCurvePrivateKey } from './elliptic-curve-private-key.js';
import { type Encryption, weakEncryption } from './encryption/encryption.js';
import { openEncrypted } from './encryption/open-encrypted.js';
import { readEncryption } from './encryption/read-encryption.js';
import { looksLikeOpenSshKey, type PrivateKeyShape, shapeOfPrivateKey } from './key-shapes.js';
import { isLegacyEncrypted, readLegacyEncryption } from './legacy-pem.js';
import { readOpenSshPrivateKey } from './openssh-private-key.js';
import { readPrivateKeyInfo } from './private-key-info.js';
import type { PublicHalf } from './public-half.js';
import { readRsaPrivateKey } from './rsa-private-key.js';

type Encoding = PrivateKeyContent['encoding'];

/**
 * Decodes a private key: PKCS#1, SEC1, PKCS#8, encrypted PKCS#8, legacy encrypted PEM, OpenSSH. What is taken out of
 * it is its SubjectPublicKeyInfo and nothing else; decrypted octets are overwritten before this returns.
 */
export function decodePrivateKey(piece: Piece, context: DecodeContext): Decoded {
  if (isLegacyEncrypted(piece)) return decodeLegacyEncrypted(piece, context);
  if (looksLikeOpenSshKey(piece.bytes)) return decodeOpenSsh(piece.bytes, context);
  const normalized = normalize(piece.bytes);
  if (!normalized.ok) return unreadable(encodingOfLabel(piece.label), normalized.problem);
  const shape = shapeOfPrivateKey(normalized.der);
  if (shape === null) return unreadable(encodingOfLabel(piece.label), 'it is not built like a private key');
  const decoded =
    shape === 'EncryptedPKCS#8' ? decodeEncrypted(normalized.der, context) : decodeUnencrypted(normalized.der, shape);
  return { ...decoded, observations: [...normalized.observations, ...decoded.observations] };
}

function decodeUnencrypted(der: Buffer, shape: UnencryptedShape): Decoded {
  const half = readPublicHalf(der, shape);
  const unprotected = observe('PrivateKeyUnprotected', 'the private key is not encrypted');
  return decoded(encodingOf(shape), null, half, [unprotected]);
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

function decodeLegacyEncrypted(piece: Piece, context: DecodeContext): Decoded {
  return decodeWithPassword('LegacyEncryptedPEM', readLegacyEncryption(piece.headers), piece.bytes, context);
}

function decodeWithPassword(
  encoding: Encoding,
  encryption: Encryption,
  ciphertext: Buffer,
  context: DecodeContext,
): Decoded {
  const observations = [
    ...weakEncryption('the private key', encryption),
    ...(encryption.legacy
      ? [observe('LegacyKeyFormat', `the private key is encrypted in an old way: ${encryption.description}`)]
      : []),
  ];
  const opening = openEncrypted('the private key', encryption, ciphertext, context, isOneSequence);
  if (!opening.ok) return decoded(encoding, encryption.description, null, [...observations, opening.observation]);
  try {
    const shape = shapeOfPrivateKey(opening.plaintext);
    const half =
      shape === null || shape === 'EncryptedPKCS#8'
        ? invalidHalf('what is encrypted is not built like a private key')
        : readPublicHalf(opening.plaintext, shape);
    return decoded(encoding, encryption.description, half, observations);
  } finally {
    opening.plaintext.fill(0);
  }
}

function decodeOpenSsh(bytes: Buffer, context: DecodeContext): Decoded {
  const legacy = observe(
    'LegacyKeyFormat',
    'the private key stands in the format of OpenSSH, which TLS software does not read',
  );
  try {
    const { encryption, publicHalf } = readOpenSshPrivateKey(bytes);
    return decoded('OpenSSH', encryption, publicHalf, [legacy, protectionOfOpenSsh(encryption, context)]);
  } catch (error) {
    if (error instanceof DerError) return unreadable('OpenSSH', error.message);
    throw error;
  }
}

/** bcrypt is not derived here: the public half is readable without, and says all that is to be said. */
function protectionOfOpenSsh(encryption: string | null, context: DecodeContext): Observation {
  if (encryption === null) return observe('PrivateKeyUnprotected', 'the private key is not encrypted');
  const unopened = `the private key is encrypted (${encryption}); its public half was read and not compared with it`;
  return observe(context.password === null ? 'PrivateKeyLocked' : 'EncryptionUnsupported', unopened);
}

type UnencryptedShape = Exclude<PrivateKeyShape, 'EncryptedPKCS#8'>;

function readPublicHalf(der: Buffer, shape: UnencryptedShape): PublicHalf {
  try {
    return readByShape(onlyElement(der, 'the private key'), shape);
  } catch (error) {
    if (error instanceof DerError) return invalidHalf(error.message);
    throw error;
  }
}

function readByShape(key: DerElement, shape: UnencryptedShape): PublicHalf {
  switch (shape) {
    case 'PKCS#1':
      return readRsaPrivateKey(key);
    case 'SEC1':
      return readEllipticCurvePrivateKey(key, null);
    case 'DSA':
      return readDsaPrivateKey(key);
    case 'PKCS#8':
      return readPrivateKeyInfo(key);
  }
}

const invalidHalf = (problem: string): PublicHalf => ({
  subjectPublicKeyInfo: null,
  observations: [observe('PrivateKeyInvalid', `the private key cannot be read: ${problem}`)],
});

/** The traditional DSA form of OpenSSL is to DSA what PKCS#1 is to RSA, and is not worth a name of its own. */
const encodingOf = (shape: UnencryptedShape): Encoding => (shape === 'DSA' ? 'PKCS#1' : shape);

const encodingOfLabel = (label: string | null): Encoding => {
  switch (label) {
    case 'RSA PRIVATE KEY':
    case 'DSA PRIVATE KEY':
      return 'PKCS#1';
    case 'EC PRIVATE KEY':
      return 'SEC1';
    case 'ENCRYPTED PRIVATE KEY':
      return 'EncryptedPKCS#8';
    case 'OPENSSH PRIVATE KEY':
      return 'OpenSSH';
    default:
      return 'PKCS#8';
  }
};

/** `half` is null while the key is closed. */
function decoded(
  encoding: Encoding,
  encryption: string | null,
  half: PublicHalf | null,
  observations: readonly Observation[],
): Decoded {
  const described = half === null ? null : describeHalf(half);
  return {
    content: {
      type: 'PrivateKey',
      encoding,
      encrypted: encryption !== null,
      encryption,
      publicKey: described?.description ?? null,
    },
    material: described?.material ?? null,
    observations: once([...(described?.observations ?? []), ...observations]),
    pieces: [],
  };
}

function describeHalf({ subjectPublicKeyInfo, observations }: PublicHalf): {
  readonly description: PublicKeyDescription | null;
  readonly material: KeyMaterial | null;
  readonly observations: readonly Observation[];
} {
  if (subjectPublicKeyInfo === null) return { description: null, material: null, observations };
  try {
    const described = describePublicKey(subjectPublicKeyInfo);
    return {
      description: described.description,
      material: { kind: 'privateKey', subjectPublicKeyInfo },
      observations: [...observations, ...described.observations],
    };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return {
      description: null,
      material: null,
      observations: [...observations, ...invalidHalf(error.message).observations],
    };
  }
}

/** The reading of a private key and that of its public half may come to the same finding. */
const once = (observations: readonly Observation[]): readonly Observation[] =>
  observations.filter(({ code }, i) => observations.findIndex((other) => other.code === code) === i);

const unreadable = (encoding: Encoding, problem: string, encryption: string | null = null): Decoded =>
  decoded(encoding, encryption, invalidHalf(problem), []);

/** What every private key is; what a wrong password makes of one is, by chance, once in many millions of times. */
function isOneSequence(plaintext: Buffer): boolean {
  const normalized = plaintext[0] === Tag.SEQUENCE ? normalize(plaintext) : null;
  return normalized?.ok === true && normalized.rest.length === 0;
}

const observe = (code: Observation['code'], message: string): Observation => ({ code, message });
