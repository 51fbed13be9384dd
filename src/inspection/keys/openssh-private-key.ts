import { bitString, DerError, oid, onlyElement, sequence, unsignedInteger } from '../../x509/strict/der.js';
import { namedCurve, publicKeyAlgorithm } from '../../x509/strict/object-identifiers.js';
import { dsaSubjectPublicKeyInfo } from './dsa-private-key.js';
import { edwardsSubjectPublicKeyInfo } from './edwards-private-key.js';
import { checkPoint } from './elliptic-curve-private-key.js';
import { publicHalf, type PublicHalf, unsupportedKey } from './public-half.js';
import { rsaSubjectPublicKeyInfo, whatDiffers } from './rsa-private-key.js';
import { SshReader } from './ssh-reader.js';

/** A private key as ssh-keygen writes it (OpenSSH's PROTOCOL.key). */
export interface OpenSshPrivateKey {
  /** In words; null where it is not encrypted. */
  readonly encryption: string | null;
  readonly publicHalf: PublicHalf;
}

const MAGIC_LENGTH = 'openssh-key-v1\0'.length;

/**
 * Reads a key that begins with the magic. Its public half stands there for everybody to read; the private half is
 * read only where it is not encrypted, and then has to fit. Throws `DerError` where it cannot be read.
 */
export function readOpenSshPrivateKey(bytes: Buffer): OpenSshPrivateKey {
  const reader = new SshReader(bytes.subarray(MAGIC_LENGTH));
  const cipher = reader.string('the cipher').toString('latin1');
  const kdf = reader.string('the key derivation').toString('latin1');
  const kdfOptions = reader.string('the options of the key derivation');
  const count = reader.uint32('the number of keys');
  // OpenSSH itself reads no file of several.
  if (count !== 1) throw new DerError('there is not one key', MAGIC_LENGTH);
  const publicKey = reader.string('the public key');
  const privatePart = reader.string('the private key');
  const spki = readPublicKey(new SshReader(publicKey));
  if (cipher !== 'none') {
    const half = spki === null ? unsupported(publicKey) : publicHalf(spki);
    return { encryption: describe(cipher, kdf, kdfOptions), publicHalf: half };
  }
  return { encryption: null, publicHalf: spki === null ? unsupported(publicKey) : checkPrivate(privatePart, spki) };
}

/** Names that are known; others are not quoted, they may be anything. */
const CIPHERS = /^(aes(128|192|256)-(ctr|cbc|gcm@openssh\.com)|chacha20-poly1305@openssh\.com|3des-cbc)$/;

function describe(cipher: string, kdf: string, options: Buffer): string {
  const shownCipher = CIPHERS.test(cipher) ? cipher : 'an unknown cipher';
  if (kdf !== 'bcrypt') return `an unknown key derivation, ${shownCipher}`;
  const reader = new SshReader(options);
  reader.string('the salt');
  return `bcrypt ${reader.uint32('the rounds').toString()} rounds ${shownCipher}`;
}

/** The curves of RFC 5656 10.1; a Map, because what is looked up is any text that an upload holds. */
const ecdsaCurves: ReadonlyMap<string, string> = new Map([
  ['ecdsa-sha2-nistp256', namedCurve['P-256']],
  ['ecdsa-sha2-nistp384', namedCurve['P-384']],
  ['ecdsa-sha2-nistp521', namedCurve['P-521']],
]);

const ED25519 = publicKeyAlgorithm.ed25519;

/** The SubjectPublicKeyInfo of a public key (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4); null for other kinds. */
function readPublicKey(reader: SshReader): Buffer | null {
  const type = reader.string('the key type').toString('latin1');
  const curve = ecdsaCurves.get(type);
  if (curve !== undefined) {
    reader.string('the curve');
    const point = reader.string('the point');
    return sequence(sequence(oid(publicKeyAlgorithm.ecPublicKey), oid(curve)), bitString(point));
  }
  switch (type) {
    case 'ssh-rsa': {
      const e = reader.string('the exponent');
      return rsaSubjectPublicKeyInfo(positive(reader.string('the modulus')), positive(e));
    }
    case 'ssh-ed25519':
      return sequence(sequence(oid(ED25519)), bitString(reader.string('the public key')));
    case 'ssh-dss': {
      const [p, q, g, y] = ['p', 'q', 'g', 'y'].map((what) => unsignedInteger(reader.string(what))) as [
        Buffer,
        Buffer,
        Buffer,
        Buffer,
      ];
      return dsaSubjectPublicKeyInfo(p, q, g, y);
    }
    default:
      return null;
  }
}

/** Reads the private half and whether the public one is its own. */
function checkPrivate(privatePart: Buffer, spki: Buffer): PublicHalf {
  const reader = new SshReader(privatePart);
  if (reader.uint32('the first check') !== reader.uint32('the second check'))
    return publicHalf(spki, 'the two check numbers of the OpenSSH key differ');
  const own = readPrivate(reader);
  if (own === null) return publicHalf(spki);
  reader.string('the comment');
  const padding = reader.rest();
  if (!padding.every((octet, i) => octet === i + 1)) return publicHalf(spki, 'the padding of the OpenSSH key is wrong');
  if (own.subjectPublicKeyInfo === null || own.subjectPublicKeyInfo.equals(spki))
    return { subjectPublicKeyInfo: spki, observations: own.observations };
  return publicHalf(spki, 'the public key that stands with the private key is not its own');
}

/** The public half as the private one has it; null for a kind that is not computed with. */
function readPrivate(reader: SshReader): PublicHalf | null {
  const type = reader.string('the key type').toString('latin1');
  const curve = ecdsaCurves.get(type);
  if (curve !== undefined) {
    reader.string('the curve');
    const point = reader.string('the point');
    const scalar = withoutSign(reader.string('the private key'));
    return checkPoint(onlyElement(oid(curve), 'the curve'), scalar, point);
  }
  switch (type) {
    case 'ssh-rsa': {
      const [n, e, d, qInv, p, q] = ['n', 'e', 'd', 'iqmp', 'p', 'q'].map((what) => positive(reader.string(what))) as [
        Buffer,
        Buffer,
        Buffer,
        Buffer,
        Buffer,
        Buffer,
      ];
      const differs = whatDiffers({ n, e, d, p, q, qInv, dP: null, dQ: null, others: [] });
      return publicHalf(rsaSubjectPublicKeyInfo(n, e), ...differs);
    }
    case 'ssh-ed25519': {
      reader.string('the public key');
      // RFC 8709 4: the seed, and the public key once more.
      const computed = edwardsSubjectPublicKeyInfo(ED25519, reader.string('the private key').subarray(0, 32));
      return computed === null
        ? publicHalf(null, 'the private key is not of the length that its algorithm has')
        : publicHalf(computed);
    }
    case 'ssh-dss': {
      const [p, q, g, y] = ['p', 'q', 'g', 'y'].map((what) => unsignedInteger(reader.string(what))) as [
        Buffer,
        Buffer,
        Buffer,
        Buffer,
      ];
      reader.string('x');
      return publicHalf(dsaSubjectPublicKeyInfo(p, q, g, y));
    }
    default:
      return null;
  }
}

const SECURITY_KEYS = /^sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com$/;

function unsupported(publicKey: Buffer): PublicHalf {
  const type = new SshReader(publicKey).string('the key type').toString('latin1');
  const what = SECURITY_KEYS.test(type) ? `of type ${type}, on a security key` : 'of an unknown type';
  return unsupportedKey(null, `the OpenSSH key is ${what}`);
}

/** The content octets of a non-negative INTEGER in its shortest form. */
const positive = (mpint: Buffer): Buffer => onlyElement(unsignedInteger(mpint), 'a number').content;

const withoutSign = (mpint: Buffer): Buffer => (mpint[0] === 0 ? mpint.subarray(1) : mpint);
