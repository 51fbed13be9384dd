import { Tag } from '../../strict/der.js';
import { hasBit, readBits, type Bits } from '../values.js';
import { elementOf, inOneLine, type ExtensionPrinter } from './extension-printer.js';

/** The names of the bits that are set. */
export const bitNames = (bits: Bits, names: readonly string[]): string[] => names.filter((_, n) => hasBit(bits, n));

const namedBits =
  (names: readonly string[]): ExtensionPrinter =>
  (value, place) => {
    const set = bitNames(readBits(elementOf(value, Tag.BIT_STRING, 'a BIT STRING')), names);
    return set.length === 0 ? undefined : inOneLine(set, place);
  };

/** RFC 5280 4.2.1.3 */
export const printKeyUsage = namedBits([
  'Digital Signature',
  'Non Repudiation',
  'Key Encipherment',
  'Data Encipherment',
  'Key Agreement',
  'Certificate Sign',
  'CRL Sign',
  'Encipher Only',
  'Decipher Only',
]);

export const printNetscapeCertificateType = namedBits([
  'SSL Client',
  'SSL Server',
  'S/MIME',
  'Object Signing',
  'Unused',
  'SSL CA',
  'S/MIME CA',
  'Object Signing CA',
]);
