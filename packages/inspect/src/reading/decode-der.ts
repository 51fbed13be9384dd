import { Tag } from '@kubepass/x509';
import { normalize, type Normalized } from '@kubepass/x509/tree';
import { quote } from '../formats/text/quote.js';
import { decodePrivateKey } from '../keys/decode-private-key.js';
import { decodePublicKey } from '../keys/decode-public-key.js';
import type { Decoded, Observation, Piece } from '../model/decoded.js';
import type { DecodeContext } from '../model/budget.js';
import type { ObjectContent, PrivateKeyContent } from '../model/inspection.js';
import { decodePkcs12 } from '../pkcs/decode-pkcs12.js';
import { decodePkcs7 } from '../pkcs/decode-pkcs7.js';
import { decodeCertificateList } from '../x509/decode-certificate-list.js';
import { decodeCertificate } from '../x509/decode-certificate.js';
import { decodeCertificationRequest } from '../x509/decode-certification-request.js';
import { malformed } from '../x509/decode-signed-object.js';
import {
  type DerShape,
  isLegacyEncrypted,
  looksLikeOpenSshKey,
  parametersIn,
  recognise,
  shapeOfPublicKey,
} from '../der/recognise.js';

/**
 * Decodes octets by their structure. The PEM label is a claim: it decides where the structure tells nothing, and is
 * reported where the structure tells otherwise. Bad content is an observation, never an exception.
 */
export function decodeDer(piece: Piece, context: DecodeContext): Decoded {
  const decoded = decode(piece, context);
  const wrong = wrongLabel(piece, decoded);
  return wrong === null ? decoded : { ...decoded, observations: [...decoded.observations, wrong] };
}

function decode(piece: Piece, context: DecodeContext): Decoded {
  const { label, bytes } = piece;
  // The octets of OpenPGP are not read at all.
  if (label !== null && !label.startsWith('PGP ') && bytes.length === 0)
    return unrecognised(
      0,
      'a PEM block without content',
      'The PEM block holds nothing that could be read',
      'MalformedObject',
    );
  if (isLegacyEncrypted(piece) || looksLikeOpenSshKey(bytes)) return decodePrivateKey(piece, context);
  const normalized = normalize(bytes);
  const der = normalized.ok ? normalized.der : bytes;
  const shape = normalized.ok ? recognise(der) : null;
  // PKCS#3 9: the parameters may be two numbers, as an RSAPublicKey is.
  const isTwoNumbers = shape === 'PublicKey' && shapeOfPublicKey(der) === 'RSAPublicKey';
  const other = shape === null || isTwoNumbers ? otherThanCredentials(label, der) : null;
  if (other !== null) return uninspected(bytes.length, other);
  if (normalized.ok && shape !== null) return decodeShape(shape, normalized, piece, context);
  return decodeByClaim(piece, normalized.ok ? null : normalized.problem, context);
}

/** Things that are not inspected, in words: by the label of their PEM block, and without one by their structure. */
function otherThanCredentials(label: string | null, der: Buffer): string | null {
  if (label === null) return parametersIn(der);
  if (label.startsWith('PGP ')) return 'an OpenPGP block';
  if (label === 'AGE ENCRYPTED FILE') return 'a file that age encrypted';
  if (label === 'EC PARAMETERS') return 'the parameters of an elliptic curve';
  if (/^(?:X9\.42 )?DH PARAMETERS$/.test(label)) return 'Diffie-Hellman parameters';
  return label === 'DSA PARAMETERS' ? 'DSA parameters' : null;
}

function decodeShape(shape: DerShape, normalized: Normalized, piece: Piece, context: DecodeContext): Decoded {
  switch (shape) {
    case 'Certificate':
      return decodeCertificate(withoutTrust(normalized, piece), piece.path, context);
    case 'CertificationRequest':
      return decodeCertificationRequest(normalized, context);
    case 'CertificateList':
      return decodeCertificateList(normalized);
    case 'PublicKey':
      return decodePublicKey(piece);
    case 'PrivateKey':
      return decodePrivateKey(piece, context);
    case 'PKCS7':
      return decodePkcs7(piece);
    case 'PKCS12':
      return decodePkcs12(piece, context);
  }
}

/** OpenSSL's TRUSTED CERTIFICATE is followed by a SEQUENCE that says for what it is trusted. */
function withoutTrust(normalized: Normalized, { label }: Piece): Normalized {
  if (label !== 'TRUSTED CERTIFICATE' || normalized.rest[0] !== Tag.SEQUENCE) return normalized;
  const trust = normalize(normalized.rest);
  return trust.ok && trust.rest.length === 0
    ? { ...normalized, observations: normalized.observations.filter(({ code }) => code !== 'TrailingData') }
    : normalized;
}

/** Decodes octets of no known structure. `problem` says why they cannot be read at all. */
function decodeByClaim(piece: Piece, problem: string | null, context: DecodeContext): Decoded {
  const { label, bytes } = piece;
  const promised = label === null ? null : promisedBy(label);
  // The reader of keys reports their faults.
  if (promised === 'PrivateKey') return decodePrivateKey(piece, context);
  if (promised !== null) return malformed(bytes.length, kinds[promised].words, problem ?? 'it is built otherwise');
  const isDer = bytes[0] === Tag.SEQUENCE;
  if (isDer && problem !== null) return malformed(bytes.length, 'a structure in DER', problem);
  return unrecognised(bytes.length, isDer ? 'a structure in DER' : null, whyUnrecognised(label, isDer));
}

/** Something that is known and not inspected, in words. */
export const uninspected = (bytes: number, is = 'Diffie-Hellman parameters'): Decoded =>
  unrecognised(bytes, is, `It is ${is}, which is not inspected`);

const unrecognised = (
  bytes: number,
  resembles: string | null,
  message: string,
  code: Observation['code'] = 'UnrecognisedContent',
): Decoded => ({
  content: { type: 'Unknown', bytes, resembles },
  material: null,
  observations: [{ code, message }],
  pieces: [],
});

function whyUnrecognised(label: string | null, isDer: boolean): string {
  const what = isDer ? 'a structure in DER that is not known here' : 'nothing that is known here';
  return label === null ? `it holds ${what}` : `the PEM block ${quote(label)} holds ${what}`;
}

function wrongLabel({ label }: Piece, { content }: Decoded): Observation | null {
  if (label === null) return null;
  const proper = pemLabelsOf(content);
  if (proper.length === 0 || proper.includes(label)) return null;
  const isLoaded = content.type === 'PrivateKey' && content.encoding === 'PKCS#8' && label.endsWith(' PRIVATE KEY');
  return {
    code: isLoaded ? 'PrivateKeyLabelWrong' : 'PemLabelWrong',
    message: `the PEM label is ${quote(label)}, and what is inside belongs under "${proper[0] ?? ''}"`,
  };
}

/** Each kind in a sentence, and its labels: that of RFC 7468 first, then older ones. */
const kinds: Readonly<Record<DerShape, { readonly words: string; readonly labels: readonly string[] }>> = {
  Certificate: { words: 'a certificate', labels: ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'] },
  CertificationRequest: {
    words: 'a certification request',
    labels: ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'],
  },
  CertificateList: { words: 'a certificate list', labels: ['X509 CRL', 'CRL'] },
  PublicKey: { words: 'a public key', labels: ['PUBLIC KEY', 'RSA PUBLIC KEY'] },
  /** The encoding tells the label. */
  PrivateKey: { words: 'a private key', labels: [] },
  PKCS7: { words: 'PKCS#7', labels: ['PKCS7', 'CMS', 'PKCS #7 SIGNED DATA', 'CERTIFICATE CHAIN'] },
  PKCS12: { words: 'PKCS#12', labels: ['PKCS12'] },
};

const privateKeyLabels: Record<PrivateKeyContent['encoding'], readonly string[]> = {
  'PKCS#1': ['RSA PRIVATE KEY', 'DSA PRIVATE KEY'],
  SEC1: ['EC PRIVATE KEY'],
  'PKCS#8': ['PRIVATE KEY'],
  'EncryptedPKCS#8': ['ENCRYPTED PRIVATE KEY'],
  LegacyEncryptedPEM: ['RSA PRIVATE KEY', 'DSA PRIVATE KEY', 'EC PRIVATE KEY', 'PRIVATE KEY'],
  OpenSSH: ['OPENSSH PRIVATE KEY'],
};

/** The labels that such an object may have; empty for objects that have none. */
function pemLabelsOf(content: ObjectContent): readonly string[] {
  if (content.type === 'PrivateKey') return privateKeyLabels[content.encoding];
  return isKind(content.type) ? kinds[content.type].labels : [];
}

const isKind = (type: string): type is DerShape => Object.hasOwn(kinds, type);

/** The kind of object that a label promises; null for an unknown label. */
function promisedBy(label: string): DerShape | null {
  if (label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY')) return 'PrivateKey';
  return (
    Object.keys(kinds)
      .filter(isKind)
      .find((kind) => kinds[kind].labels.includes(label)) ?? null
  );
}
