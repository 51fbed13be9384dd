import { DerError, inside, onlyElement, Tag } from '@kubepass/x509';
import { bitLengthOf, normalize } from '@kubepass/x509/tree';
import { type Decoded, Observations, type Piece, type Report } from '../model/decoded.js';
import { describePublicKey } from '../x509/describe-public-key.js';
import { shapeOfPublicKey } from '../der/recognise.js';
import { rsaSubjectPublicKeyInfo } from './public-half.js';

/** Decodes a SubjectPublicKeyInfo, or an RSAPublicKey, which becomes a SubjectPublicKeyInfo. */
export function decodePublicKey(piece: Piece): Decoded {
  try {
    const normalized = normalize(piece.bytes);
    const der = normalized.ok ? normalized.der : piece.bytes;
    const isRsa = shapeOfPublicKey(der) === 'RSAPublicKey';
    const observations = new Observations();
    const spki = isRsa ? wrapRsaPublicKey(der, observations.report) : der;
    if (normalized.ok) observations.addAll(normalized.observations);
    return {
      content: { type: 'PublicKey', publicKey: describePublicKey(spki, observations.report) },
      material: {
        kind: 'publicKey',
        subjectPublicKeyInfo: spki,
        unnamed: isRsa && piece.label === null ? piece.bytes.length : undefined,
      },
      observations: observations.toArray(),
      pieces: [],
    };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return {
      content: { type: 'Unknown', bytes: piece.bytes.length, resembles: 'a public key' },
      material: null,
      observations: [{ code: 'MalformedObject', message: `the public key cannot be read: ${error.message}` }],
      pieces: [],
    };
  }
}

function wrapRsaPublicKey(der: Buffer, report: Report): Buffer {
  const reader = inside(onlyElement(der, 'the public key'));
  const [n, e] = [reader.expect(Tag.INTEGER, 'the modulus'), reader.expect(Tag.INTEGER, 'the exponent')];
  // crypto/x509, ParsePKCS1PublicKey
  if (bitLengthOf(e.content) > 31) report('NotLoadable', 'the RSA exponent has more than 31 bits');
  return rsaSubjectPublicKeyInfo(n.content, e.content);
}
