import { type DerElement, DerError, DerReader, inside, readOid, Tag } from '@kubepass/x509';

/** The kind of a private key, told by its elements and never by a label. */
export type PrivateKeyShape = 'PKCS#1' | 'DSA' | 'SEC1' | 'PKCS#8' | 'EncryptedPKCS#8';

/** Null for anything else than a private key. A damaged key has a shape as long as its first elements can be read. */
export function shapeOfPrivateKey(der: Buffer): PrivateKeyShape | null {
  const { elements, complete } = childrenOf(der);
  const [first, second, third] = elements;
  if (first?.tag === Tag.SEQUENCE)
    return second?.tag === Tag.OCTET_STRING && elements.length === 2 && isPasswordBased(first)
      ? 'EncryptedPKCS#8'
      : null;
  if (first?.tag !== Tag.INTEGER || first.content.length !== 1) return null;
  const version = first.content[0];
  if (version !== 0 && version !== 1) return null;
  if (second?.tag === Tag.SEQUENCE) return third?.tag === Tag.OCTET_STRING ? 'PKCS#8' : null;
  // RFC 5915 3: the version is ecPrivkeyVer1.
  if (second?.tag === Tag.OCTET_STRING) return version === 1 ? 'SEC1' : null;
  if (elements.length < 4 || !elements.slice(0, 9).every(({ tag }) => tag === Tag.INTEGER)) return null;
  return complete && elements.length === 6 ? 'DSA' : 'PKCS#1';
}

/** Whether `der` is built like a private key, encrypted or not. */
export const looksLikePrivateKey = (der: Buffer): boolean => shapeOfPrivateKey(der) !== null;

const OPENSSH_MAGIC = Buffer.from('openssh-key-v1\0', 'latin1');

/** Whether `bytes` begin like a key in the format of OpenSSH, which is no DER. */
export const looksLikeOpenSshKey = (bytes: Buffer): boolean =>
  bytes.subarray(0, OPENSSH_MAGIC.length).equals(OPENSSH_MAGIC);

/**
 * The name of the cipher of an OpenSSH key, `none` where it is not encrypted; null where it is cut off. It stands behind
 * the magic, as a length of four octets and a text (OpenSSH's PROTOCOL.key, RFC 4251 5).
 */
export function openSshCipher(bytes: Buffer): string | null {
  const start = OPENSSH_MAGIC.length + 4;
  if (bytes.length < start) return null;
  const end = start + bytes.readUInt32BE(OPENSSH_MAGIC.length);
  return end > bytes.length ? null : bytes.toString('latin1', start, end);
}

/** Whether `der` is built like a SubjectPublicKeyInfo (RFC 5280 4.1) or an RSAPublicKey (RFC 8017 A.1.1). */
export const looksLikePublicKey = (der: Buffer): boolean => shapeOfPublicKey(der) !== null;

export function shapeOfPublicKey(der: Buffer): 'SubjectPublicKeyInfo' | 'RSAPublicKey' | null {
  const { elements, complete } = childrenOf(der);
  const [first, second] = elements;
  if (!complete || elements.length !== 2 || first === undefined) return null;
  if (first.tag === Tag.SEQUENCE && second?.tag === Tag.BIT_STRING)
    return inside(first).peekTag() === Tag.OBJECT_IDENTIFIER ? 'SubjectPublicKeyInfo' : null;
  return first.tag === Tag.INTEGER && second?.tag === Tag.INTEGER ? 'RSAPublicKey' : null;
}

/** Schemes of PKCS#5 (RFC 8018 A) and PKCS#12 (RFC 7292 C). A DigestInfo is built alike and has neither. */
function isPasswordBased(algorithm: DerElement): boolean {
  try {
    const oid = readOid(inside(algorithm).next());
    return oid.startsWith('1.2.840.113549.1.5.') || oid.startsWith('1.2.840.113549.1.12.1.');
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** More elements than any key has. */
const MAX_CHILDREN = 12;

/** The first elements of the SEQUENCE that `der` is, as far as they can be read. */
function childrenOf(der: Buffer): { readonly elements: readonly DerElement[]; readonly complete: boolean } {
  const elements: DerElement[] = [];
  if (der[0] !== Tag.SEQUENCE) return { elements, complete: false };
  try {
    const reader = inside(new DerReader(der).next());
    while (!reader.atEnd && elements.length < MAX_CHILDREN) elements.push(reader.next());
    return { elements, complete: reader.atEnd };
  } catch (error) {
    if (error instanceof DerError) return { elements, complete: false };
    throw error;
  }
}
