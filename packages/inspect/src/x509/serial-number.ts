import type { Report } from '../model/observations.js';
import type { DerElement } from '@kubepass/x509';
import { signedMagnitude } from '@kubepass/x509/tree';

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
export function observeSerialNumber(integer: Buffer, selfIssued: boolean, report: Report): void {
  const first = integer[0] ?? 0;
  const zero = integer.length === 1 && first === 0;
  if (integer.length > MOST_OCTETS) report('SerialNumberTooLong', `the serial number takes ${integer.length} octets`);
  if (first >= 0x80) report('SerialNumberNotPositive', 'the serial number is negative');
  // kubeadm before 1.29 gave 0 to its CAs, and nothing looks a root up by its number.
  else if (zero && !selfIssued) report('SerialNumberNotPositive', 'the serial number is zero');
  else if (integer.length < FEWEST_RANDOM_OCTETS)
    report(
      'SerialNumberLowEntropy',
      zero ? 'the serial number is zero' : `the serial number takes ${integer.length} octet${plural(integer.length)}`,
    );
}

const plural = (n: number): string => (n === 1 ? '' : 's');
