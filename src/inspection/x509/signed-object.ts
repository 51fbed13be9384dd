import { type DerElement, DerError, inside, onlyElement, Tag } from '../../x509/strict/der.js';
import { foundElements } from '../ber/found-elements.js';
import type { Normalized } from '../ber/normalize.js';
import type { Signed } from '../decoded.js';
import type { Report } from '../observations.js';
import { describeAlgorithm, readAlgorithm, type AlgorithmIdentifier } from './describe-algorithm.js';
import { brokenHash } from './signature-algorithms.js';
import { bitString } from './values.js';

/** SEQUENCE { what is signed, AlgorithmIdentifier, BIT STRING }: certificates, requests and lists are built so. */
export interface SignedObject {
  readonly toBeSigned: DerElement;
  readonly algorithm: AlgorithmIdentifier;
  readonly signed: Signed;
}

/** Throws `DerError`. */
export function readSignedObject({ der, found }: Normalized, what: string, report: Report): SignedObject {
  const object = onlyElement(der, what);
  if (object.tag !== Tag.SEQUENCE) throw new DerError(`${what} is no SEQUENCE`, 0);
  const fields = inside(object);
  const toBeSigned = fields.expect(Tag.SEQUENCE, 'the signed part');
  const algorithm = readAlgorithm(fields, 'the signature algorithm');
  const signature = bitString(fields.expect(Tag.BIT_STRING, 'the signature'));
  if (signature.unused > 0) report('NonDerEncoding', 'the signature is not a whole number of octets');
  if (!fields.atEnd) report('TrailingData', 'something follows the signature');
  // A signature is over the octets that were signed, DER or not.
  const signedBytes = der === found || der.equals(found) ? toBeSigned.raw : (foundElements(found)[0] ?? toBeSigned.raw);
  return { toBeSigned, algorithm, signed: { signedBytes, algorithm: algorithm.raw, signature: signature.octets } };
}

/** RFC 5280 4.1.1.2, 5.1.1.2: the algorithm that is signed over is the one outside. */
export function observeAlgorithms(inner: AlgorithmIdentifier, outer: AlgorithmIdentifier, report: Report): void {
  if (inner.raw.equals(outer.raw)) return;
  const [inside, outside] = [describeAlgorithm(inner).name, describeAlgorithm(outer).name];
  report(
    'SignatureAlgorithmsDiffer',
    inside === outside
      ? `the parameters of ${inside} are not the same in the signed part and outside`
      : `the algorithm is ${inside} in the signed part and ${outside} outside`,
  );
}

/** Of what relies on its signature. */
export function observeBrokenHash(algorithm: AlgorithmIdentifier, report: Report): void {
  const hash = brokenHash(algorithm);
  if (hash !== null) report('WeakSignature', `it is signed with ${hash.toUpperCase().replace('SHA1', 'SHA-1')}`);
}
