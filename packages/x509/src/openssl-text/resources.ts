import { contextConstructed, DerError, inside, Tag, type DerElement, type DerReader } from '../strict/der.js';
import { type BitString, bitStringOf, clearedOctets, fieldsOf, integerText, readAll } from '../tree/values.js';
import { hexPairs, indentation } from './octets.js';
import { firstElement, type OctetPrinter } from './printing.js';

const safiNames: Readonly<Record<number, string>> = {
  1: 'Unicast',
  2: 'Multicast',
  3: 'Unicast/Multicast',
  4: 'MPLS',
  64: 'Tunnel',
  65: 'VPLS',
  66: 'BGP MDT',
  128: 'MPLS-labeled VPN',
};
const ipv4 = 1;
const ipv6 = 2;

/** IP address delegation (RFC 3779 2). */
export const printIpAddressBlocks: OctetPrinter = (value, { indent }) =>
  readAll(fieldsOf(firstElement(value), Tag.SEQUENCE, 'IPAddrBlocks'), (reader) =>
    addressFamilyText(reader, indent),
  ).join('');

function addressFamilyText(reader: DerReader, indent: number): string {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an IPAddressFamily'));
  const family = fields.expect(Tag.OCTET_STRING, 'an address family').content;
  const choice = fields.next();
  fields.end('an IPAddressFamily');
  const afi = family.length < 2 ? 0 : family.readUInt16BE(0);
  const name = afi === ipv4 ? 'IPv4' : afi === ipv6 ? 'IPv6' : `Unknown AFI ${afi}`;
  const safi = family.length > 2 ? (family[2] ?? 0) : undefined;
  const heading =
    indentation(indent) + name + (safi === undefined ? '' : ` (${safiNames[safi] ?? `Unknown SAFI ${safi}`})`);
  if (choice.tag === Tag.NULL) return `${heading}: inherit\n`;
  if (choice.tag !== Tag.SEQUENCE) throw new DerError('an IPAddressChoice is of no known kind', choice.offset);
  const lines = readAll(inside(choice), (reader) => addressOrRangeText(reader, afi));
  return `${heading}:\n${lines.map((line) => `${indentation(indent + 2)}${line}\n`).join('')}`;
}

function addressOrRangeText(reader: DerReader, afi: number): string {
  const element = reader.next();
  if (element.tag === Tag.BIT_STRING) {
    const prefix = bitsOf(element);
    return `${addressText(prefix, afi, 0x00, element)}/${prefix.octets.length * 8 - prefix.unused}`;
  }
  if (element.tag !== Tag.SEQUENCE) throw new DerError('an IPAddressOrRange is of no known kind', element.offset);
  const fields = inside(element);
  const lowest = bitsOf(fields.expect(Tag.BIT_STRING, 'the start of a range'));
  const highest = bitsOf(fields.expect(Tag.BIT_STRING, 'the end of a range'));
  fields.end('an IPAddressRange');
  return `${addressText(lowest, afi, 0x00, element)}-${addressText(highest, afi, 0xff, element)}`;
}

const bitsOf = (element: DerElement): BitString => {
  const bits = bitStringOf(element);
  return { ...bits, octets: clearedOctets(bits) };
};

/** An address of which only the leading bits are given; the others are all `fill`. */
function addressText(bits: BitString, afi: number, fill: 0x00 | 0xff, { offset }: DerElement): string {
  if (afi !== ipv4 && afi !== ipv6) return `${hexPairs(bits.octets)}[${bits.unused}]`;
  const size = afi === ipv4 ? 4 : 16;
  if (bits.octets.length > size) throw new DerError('an address is too long', offset);
  const address = Buffer.alloc(size, fill);
  bits.octets.copy(address);
  const last = bits.octets.length - 1;
  if (last >= 0 && fill === 0xff) address[last] = (address[last] ?? 0) | (0xff >> (8 - bits.unused));
  return afi === ipv4 ? address.join('.') : ipv6Text(address);
}

/** Groups without their leading zeros, and a double colon in place of the zero groups at the end. */
function ipv6Text(address: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => address.readUInt16BE(i * 2));
  while (groups.at(-1) === 0) groups.pop();
  const text = groups.map((group) => group.toString(16)).join(':');
  return groups.length === 8 ? text : `${text}::`;
}

/** AS identifier delegation (RFC 3779 3). */
export const printAsIdentifiers: OctetPrinter = (value, { indent }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'ASIdentifiers');
  const numbers = fields.optional(contextConstructed(0));
  const domains = fields.optional(contextConstructed(1));
  fields.end('ASIdentifiers');
  return (
    (numbers ? asIdentifiersText('Autonomous System Numbers', numbers, indent) : '') +
    (domains ? asIdentifiersText('Routing Domain Identifiers', domains, indent) : '')
  );
};

function asIdentifiersText(heading: string, explicit: DerElement, indent: number): string {
  const reader = inside(explicit);
  const choice = reader.next();
  reader.end('an ASIdentifierChoice');
  let lines: string[];
  if (choice.tag === Tag.NULL) lines = ['inherit'];
  else if (choice.tag === Tag.SEQUENCE) lines = readAll(inside(choice), asIdOrRangeText);
  else throw new DerError('an ASIdentifierChoice is of no known kind', choice.offset);
  const margin = indentation(indent);
  return `${margin}${heading}:\n${lines.map((line) => `${margin}  ${line}\n`).join('')}`;
}

function asIdOrRangeText(reader: DerReader): string {
  const element = reader.next();
  if (element.tag === Tag.INTEGER) return integerText(element);
  if (element.tag !== Tag.SEQUENCE) throw new DerError('an ASIdOrRange is of no known kind', element.offset);
  const fields = inside(element);
  const lowest = integerText(fields.expect(Tag.INTEGER, 'the start of a range'));
  const highest = integerText(fields.expect(Tag.INTEGER, 'the end of a range'));
  fields.end('an ASRange');
  return `${lowest}-${highest}`;
}
