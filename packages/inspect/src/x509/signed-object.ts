import { type DerElement, DerError } from '@kubepass/x509';
import { foundElements, type Normalized, type SignedObject } from '@kubepass/x509/tree';
import type { Decoded, Observation, Signed } from '../model/decoded.js';
import { Observations, type Report } from '../model/observations.js';

/** An object that is built like something known and cannot be read. */
export const malformed = (
  bytes: number,
  what: string,
  problem: string,
  observations: readonly Observation[] = [],
): Decoded => ({
  content: { type: 'Unknown', bytes, resembles: what },
  material: null,
  observations: [{ code: 'MalformedObject', message: `${what} cannot be read: ${problem}` }, ...observations],
  pieces: [],
});

/** Decodes a certificate, a request or a list; one that cannot be read becomes a malformed object. */
export function decodeSigned(
  normalized: Normalized,
  what: string,
  decode: (observations: Observations) => Omit<Decoded, 'observations' | 'pieces'>,
): Decoded {
  const observations = new Observations();
  observations.addAll(normalized.observations);
  try {
    return { ...decode(observations), observations: observations.toArray(), pieces: [] };
  } catch (error) {
    if (error instanceof DerError)
      return malformed(normalized.found.length, what, error.message, normalized.observations);
    throw error;
  }
}

/** Reports that something follows these parts, for those of which it is true. */
export function observeTrailing({ trailing }: SignedObject, parts: readonly string[], report: Report): void {
  for (const part of trailing) if (parts.includes(part)) report('TrailingData', `something follows ${part}`);
}

/** The signature of an object, and the octets that were signed, DER or not. Throws `DerError`. */
export function signedOf(object: SignedObject, { der, found }: Normalized, report: Report): Signed {
  const { algorithm, signature, toBeSigned } = object;
  if (signature.unused > 0) report('NonDerEncoding', 'the signature is not a whole number of octets');
  observeTrailing(object, ['the signature'], report);
  const signedBytes = der === found || der.equals(found) ? toBeSigned : (foundElements(found)[0] ?? toBeSigned);
  return { signedBytes, algorithm, signature: signature.octets };
}

/** The version that a number stands for; 0 for a number that stands for none. Throws `DerError`. */
export function versionOf({ content, offset }: DerElement): number {
  if (content.length === 0) throw new DerError('the version is empty', offset);
  return content.length <= 4 ? content.readIntBE(0, content.length) + 1 : 0;
}
