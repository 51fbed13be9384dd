import { type DerElement, Tag } from '../../../x509/strict/der.js';
import { type KeyUsage, keyUsages } from '../../../x509/strict/extension.js';
import type { Report } from '../../observations.js';
import { bitString } from '../values.js';
import { demand, type ExtensionDecoder, shown } from './extension-decoder.js';

/** The names of the bits that are set, whatever the tag; reports what a named bit list does not have in DER. */
export function namedBits<Name extends string>(element: DerElement, names: readonly Name[], report: Report): Name[] {
  const { octets, unused } = bitString(element);
  const isSet = (bit: number): boolean => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  const size = octets.length * 8 - unused;
  // X.690 11.2.2: a named bit list ends with a bit that is set.
  if (size > 0 && !isSet(size - 1)) report('NonDerEncoding', 'a list of named bits has zeros at its end');
  for (let bit = names.length; bit < size; bit++)
    if (isSet(bit)) {
      report('MalformedExtension', `bit ${bit} is set and has no name`);
      break;
    }
  return names.filter((_, bit) => isSet(bit));
}

/** RFC 5280 4.2.1.3. */
export const decodeKeyUsage: ExtensionDecoder = (element, report) => {
  const keyUsage: KeyUsage[] = namedBits(demand(element, Tag.BIT_STRING, 'KeyUsage'), keyUsages, report);
  if (keyUsage.length === 0) report('MalformedExtension', 'no usage is set');
  return { value: keyUsage, facts: { keyUsage } };
};

const netscapeTypes = [
  'sslClient',
  'sslServer',
  'smime',
  'objectSigning',
  'reserved',
  'sslCA',
  'smimeCA',
  'objectSigningCA',
] as const;

export const decodeNetscapeCertificateType = shown((element, report) =>
  namedBits(demand(element, Tag.BIT_STRING, 'a Netscape certificate type'), netscapeTypes, report),
);
