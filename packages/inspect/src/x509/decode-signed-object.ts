import { type DerElement, DerError, Tag } from '@kubepass/x509';
import { foundElements, type Normalized, signedMagnitude, type SignedObject, type Time } from '@kubepass/x509/tree';
import { quote } from '../formats/text/quote.js';
import { type Decoded, type Observation, Observations, type Report, type Signed } from '../model/decoded.js';
import { isGoTime, observeIdentifier } from './go-rules.js';

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
  decode: (report: Report) => Omit<Decoded, 'observations' | 'pieces'>,
): Decoded {
  const observations = new Observations();
  observations.addAll(normalized.observations);
  try {
    return { ...decode(observations.report), observations: observations.toArray(), pieces: [] };
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
  observeIdentifier(algorithm.oid, report);
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

/** A point in time. */
export interface DescribedTime {
  /** The epoch where the octets are no time, so that nothing that ends then is valid. */
  readonly instant: Date;
  /** RFC 3339, UTC. */
  readonly text: string;
}

/** Describes a time, and reports one that RFC 5280 4.1.2.5 does not allow. */
export function describeTime(
  { element: { tag }, text, milliseconds }: Time,
  what: string,
  report: Report,
): DescribedTime {
  const wrong = milliseconds === null ? 'is no time that can be read' : whyWrong(tag, text, milliseconds);
  const code = milliseconds !== null && isGoTime(tag, text) ? 'ValidityEncodedWrong' : 'NotLoadable';
  if (wrong !== null) report(code, `${what} ${wrong}: ${quote(text.slice(0, 100))}`);
  return described(milliseconds ?? 0);
}

/** A time outside of a validity, as RFC 3339 has it. Throws `DerError` where the octets are no time. */
export function timeContent({ element, milliseconds }: Time): string {
  if (milliseconds === null) throw new DerError('a time cannot be read', element.offset);
  return described(milliseconds).text;
}

function described(milliseconds: number): DescribedTime {
  const instant = new Date(milliseconds);
  const text = instant.toISOString();
  return { instant, text: milliseconds % 1000 === 0 ? `${text.slice(0, 19)}Z` : text };
}

const FIRST_OF_1950 = Date.UTC(1950, 0);
const FIRST_OF_2050 = Date.UTC(2050, 0);

function whyWrong(tag: number, text: string, milliseconds: number): string | null {
  if (tag === Tag.GENERALIZED_TIME) {
    if (!/^\d{14}Z$/.test(text)) return 'is a GeneralizedTime not of the form YYYYMMDDHHMMSSZ';
    // RFC 5280 4.1.2.5: UTCTime through the year 2049.
    return milliseconds < FIRST_OF_2050 && milliseconds >= FIRST_OF_1950
      ? 'is a GeneralizedTime before the year 2050'
      : null;
  }
  return /^\d{12}Z$/.test(text) ? null : 'is a UTCTime not of the form YYMMDDHHMMSSZ';
}

/** Lower-case hex of the magnitude, two digits an octet; `-` before a negative one. Throws `DerError`. */
export function serialNumberHex(element: DerElement): string {
  const { negative, octets } = signedMagnitude(element);
  return (negative ? '-' : '') + octets.toString('hex');
}

/** RFC 5280 4.1.2.2. */
const MOST_OCTETS = 20;
/** The first sixteen of 64 random bits are zero once in 65,536 times. */
const FEWEST_RANDOM_OCTETS = 7;

/** `selfIssued`: the certificate names itself as its issuer. */
export function observeSerialNumber(integer: Buffer, isRoot: boolean, report: Report): void {
  const first = integer[0] ?? 0;
  const zero = integer.length === 1 && first === 0;
  if (integer.length > MOST_OCTETS) report('SerialNumberTooLong', `the serial number takes ${integer.length} octets`);
  if (first >= 0x80) report('SerialNumberNotPositive', 'the serial number is negative');
  // Nothing looks a root up by its number: kubeadm before 1.29 and k3s gave 0 to theirs, minikube gives 1.
  else if (isRoot) return;
  else if (zero) report('SerialNumberNotPositive', 'the serial number is zero');
  else if (integer.length < FEWEST_RANDOM_OCTETS)
    report('SerialNumberLowEntropy', `the serial number takes ${integer.length} octet${plural(integer.length)}`);
}

const plural = (n: number): string => (n === 1 ? '' : 's');
