import { contextConstructed, type DerElement, DerError, type DerReader, inside, Tag } from '../strict/der.js';
import {
  type BitString,
  bitStringOf,
  clearedOctets,
  dottedIdentifier,
  fieldsOf,
  integerText,
  magnitudeOf,
  readAll,
  readGeneralizedTime,
  signedMagnitude,
} from '../tree/values.js';
import {
  brokenHex,
  firstElement,
  hexPairs,
  indentation,
  type OctetPrinter,
  octets,
  octetsUntilNul,
  printableOctets,
  timeText,
} from './printing.js';
import { integerHex } from './signature-text.js';
import { readGeneralName } from '../tree/name.js';
import { generalNameText } from './name-text.js';
import type { ObjectNames } from './object-names.js';

/** RFC 6960 4.4.1; OpenSSL takes the octets as they come, without looking for an OCTET STRING. */
export const printOcspNonce: OctetPrinter = (value, { indent }) =>
  indentation(indent) + (value.length === 0 ? '0' : brokenHex(value));

/** RFC 6960 4.4.2 */
export const printOcspCrlReference: OctetPrinter = (value, { indent }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'CrlID');
  const explicit = (tag: number, read: (element: DerElement) => string): string => {
    const element = fields.optional(contextConstructed(tag));
    return element ? read(element) : '';
  };
  const line = (label: string, text: string): string => `${indentation(indent)}${label}: ${text}\n`;
  const text =
    explicit(0, (url) => line('crlUrl', printableOctets(inside(url).expect(Tag.IA5_STRING, 'crlUrl').content))) +
    explicit(1, (number) => line('crlNum', integerHex(inside(number).expect(Tag.INTEGER, 'crlNum')))) +
    explicit(2, (time) =>
      line('crlTime', timeText(readGeneralizedTime(inside(time).expect(Tag.GENERALIZED_TIME, 'crlTime')))),
    );
  fields.end('CrlID');
  return text;
};

/** RFC 3820 3.8 */
export const printProxyCertificateInformation: OctetPrinter = (value, { indent, names }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'ProxyCertInfo');
  const pathLength = fields.optional(Tag.INTEGER);
  const policy = inside(fields.expect(Tag.SEQUENCE, 'a ProxyPolicy'));
  fields.end('ProxyCertInfo');
  const language = dottedIdentifier(policy.expect(Tag.OBJECT_IDENTIFIER, 'a policy language'));
  const text = policy.optional(Tag.OCTET_STRING);
  policy.end('a ProxyPolicy');
  const margin = indentation(indent);
  return (
    `${margin}Path Length Constraint: ${pathLength ? integerHex(pathLength) : 'infinite'}\n` +
    `${margin}Policy Language: ${names.long(language)}` +
    (text ? `\n${margin}Policy Text: ${octetsUntilNul(text.content)}` : '')
  );
};

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

/** Strong extranet of Thawte. */
export const printStrongExtranet: OctetPrinter = (value, { indent }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'SXNET');
  const { negative, octets: magnitude } = signedMagnitude(fields.expect(Tag.INTEGER, 'a version'));
  const ids = readAll(inside(fields.expect(Tag.SEQUENCE, 'zones')), (reader) => {
    const id = inside(reader.expect(Tag.SEQUENCE, 'a zone'));
    const zone = integerText(id.expect(Tag.INTEGER, 'the number of a zone'));
    const user = printableOctets(id.expect(Tag.OCTET_STRING, 'the user of a zone').content);
    id.end('a zone');
    return `\n${indentation(indent)}Zone: ${zone}, User: ${user}`;
  });
  fields.end('SXNET');
  const version = (negative ? -1n : 1n) * magnitudeOf(magnitude);
  const supported = BigInt.asIntN(64, version) === version && version < (1n << 63n) - 1n;
  const versionText = supported
    ? `${version + 1n} (0x${BigInt.asUintN(64, version).toString(16).toUpperCase()})`
    : '<unsupported>';
  return `${indentation(indent)}Version: ${versionText}${ids.join('')}`;
};

/** The tools of a Russian qualified certificate's issuer. */
export const printIssuerSignTool: OctetPrinter = (value, { indent }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'IssuerSignTool');
  const lines = ['signTool    : ', 'cATool      : ', 'signToolCert: ', 'cAToolCert  : '].map(
    (label) => indentation(indent) + label + octets(fields.expect(Tag.UTF8_STRING, 'a tool').content),
  );
  fields.end('IssuerSignTool');
  return lines.join('\n');
};

/** Admissions of German professions (Common PKI 1.1 part 1, table 29c). */
export const printAdmissions: OctetPrinter = (value, { indent, names }) => {
  const margin = indentation(indent);
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'AdmissionSyntax');
  const authority = fields.peekTag() === Tag.SEQUENCE ? undefined : generalNameText(readGeneralName(fields), names);
  const entries = readAll(inside(fields.expect(Tag.SEQUENCE, 'admissions')), (reader) =>
    admissionText(reader, indent, names),
  );
  fields.end('AdmissionSyntax');
  return (
    (authority === undefined ? '' : `${margin}admissionAuthority:\n${margin}  ${authority}\n`) +
    entries.map((entry, i) => `${margin}Entry ${i + 1}:\n${entry}`).join('')
  );
};

function admissionText(reader: DerReader, indent: number, names: ObjectNames): string {
  const margin = indentation(indent);
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an admission'));
  const authority = fields.optional(contextConstructed(0));
  const namingAuthority = fields.optional(contextConstructed(1));
  const professions = readAll(inside(fields.expect(Tag.SEQUENCE, 'professions')), (reader) =>
    professionText(reader, indent + 4, names),
  );
  fields.end('an admission');
  return (
    (authority
      ? `${margin}  admissionAuthority:\n${margin}    ${generalNameText(readGeneralName(inside(authority)), names)}\n`
      : '') +
    (namingAuthority ? namingAuthorityText(namingAuthority, indent + 2, names) : '') +
    professions.map((profession, i) => `${margin}  Profession Info Entry ${i + 1}:\n${profession}`).join('')
  );
}

function professionText(reader: DerReader, indent: number, names: ObjectNames): string {
  const margin = indentation(indent);
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a profession'));
  const namingAuthority = fields.optional(contextConstructed(0));
  const items = readAll(inside(fields.expect(Tag.SEQUENCE, 'profession items')), (reader) => reader.next());
  const identifiers = fields.optional(Tag.SEQUENCE);
  const registration = fields.optional(Tag.PRINTABLE_STRING);
  fields.optional(Tag.OCTET_STRING);
  fields.end('a profession');
  const line = (text: string): string => `${margin}${text}\n`;
  return (
    (registration ? line(`registrationNumber: ${printableOctets(registration.content)}`) : '') +
    (namingAuthority ? namingAuthorityText(namingAuthority, indent, names) : '') +
    line('Info Entries:') +
    items.map(({ content }) => line(`  ${printableOctets(content)}`)).join('') +
    (identifiers
      ? line('Profession OIDs:') +
        readAll(inside(identifiers), (reader) =>
          line(`  ${withLongName(reader.expect(Tag.OBJECT_IDENTIFIER, 'a profession OID'), names)}`),
        ).join('')
      : '')
  );
}

function namingAuthorityText(explicit: DerElement, indent: number, names: ObjectNames): string {
  const fields = inside(inside(explicit).expect(Tag.SEQUENCE, 'a naming authority'));
  const id = fields.optional(Tag.OBJECT_IDENTIFIER);
  const url = fields.optional(Tag.IA5_STRING);
  const text = fields.atEnd ? undefined : fields.next();
  fields.end('a naming authority');
  if (!id && !url && !text) throw new DerError('a naming authority is empty', explicit.offset);
  const line = (text: string): string => `${indentation(indent)}${text}\n`;
  return (
    line('namingAuthority:') +
    (id ? line(`  namingAuthorityId: ${withLongName(id, names)}`) : '') +
    (text ? line(`  namingAuthorityText: ${printableOctets(text.content)}`) : '') +
    (url ? line(`  namingAuthorityUrl: ${printableOctets(url.content)}`) : '')
  );
}

/** An identifier without a name is called `undefined` here. */
function withLongName(element: DerElement, names: ObjectNames): string {
  const dotted = dottedIdentifier(element);
  const name = names.long(dotted);
  return `${name === dotted ? 'undefined' : name} (${dotted})`;
}
