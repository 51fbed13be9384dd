import { contextConstructed, type DerElement, DerError, DerReader, inside, readAll, Tag } from '../strict/der.js';
import {
  type BitString,
  bitStringOf,
  clearedOctets,
  demand,
  dottedIdentifier,
  integerText,
  magnitudeOf,
  readGeneralizedTime,
  readInside,
  readOptional,
  readSequence,
  signedMagnitude,
} from '../tree/values.js';
import {
  brokenHex,
  hexBlock,
  hexPairs,
  indentation,
  instantText,
  integerHex,
  type OctetPrinter,
  octets,
  octetsUntilNul,
  printableOctets,
  type PrintPlace,
  timeText,
} from './printing.js';
import { readGeneralName } from '../tree/name.js';
import { generalNameText } from './name-text.js';
import type { ObjectNames } from './object-names.js';
import type { SignedCertificateTimestamp } from '../tree/extension-values.js';

/*
 * Printers of extensions that other standards define than RFC 5280 and X.509: profiles of PKIX, resources of the
 * Internet, Certificate Transparency, and nations.
 */

/** Prints the SEQUENCE with which a value begins. */
const sequencePrinter =
  (what: string, print: (fields: DerReader, place: PrintPlace) => string): OctetPrinter =>
  (value, place) =>
    readSequence(new DerReader(value), what, (fields) => print(fields, place));

/** RFC 6960 4.4.1; OpenSSL takes the octets as they come, without looking for an OCTET STRING. */
const printOcspNonce: OctetPrinter = (value, { indent }) =>
  indentation(indent) + (value.length === 0 ? '0' : brokenHex(value));

/** RFC 6960 4.4.2 */
const printOcspCrlReference = sequencePrinter('CrlID', (fields, { indent }) => {
  const explicit = (tag: number, label: string, type: number, read: (element: DerElement) => string): string =>
    readOptional(
      fields,
      contextConstructed(tag),
      (element) => `${indentation(indent)}${label}: ${read(inside(element).expect(type, label))}\n`,
    ) ?? '';
  return (
    explicit(0, 'crlUrl', Tag.IA5_STRING, ({ content }) => printableOctets(content)) +
    explicit(1, 'crlNum', Tag.INTEGER, integerHex) +
    explicit(2, 'crlTime', Tag.GENERALIZED_TIME, (time) => timeText(readGeneralizedTime(time)))
  );
});

/** RFC 3820 3.8 */
const printProxyCertificateInformation = sequencePrinter('ProxyCertInfo', (fields, { indent, names }) => {
  const pathLength = fields.optional(Tag.INTEGER);
  const { language, text } = readSequence(fields, 'a ProxyPolicy', (policy) => ({
    language: dottedIdentifier(policy.expect(Tag.OBJECT_IDENTIFIER, 'a policy language')),
    text: policy.optional(Tag.OCTET_STRING),
  }));
  const margin = indentation(indent);
  return (
    `${margin}Path Length Constraint: ${pathLength ? integerHex(pathLength) : 'infinite'}\n` +
    `${margin}Policy Language: ${names.long(language)}` +
    (text ? `\n${margin}Policy Text: ${octetsUntilNul(text.content)}` : '')
  );
});

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
const printIpAddressBlocks = sequencePrinter('IPAddrBlocks', (families, { indent }) =>
  readAll(families, (reader) => addressFamilyText(reader, indent)).join(''),
);

function addressFamilyText(reader: DerReader, indent: number): string {
  const { family, choice } = readSequence(reader, 'an IPAddressFamily', (fields) => ({
    family: fields.expect(Tag.OCTET_STRING, 'an address family').content,
    choice: fields.next(),
  }));
  const afi = family.length < 2 ? 0 : family.readUInt16BE(0);
  const name = afi === ipv4 ? 'IPv4' : afi === ipv6 ? 'IPv6' : `Unknown AFI ${afi}`;
  const safi = family.length > 2 ? (family[2] ?? 0) : undefined;
  const heading =
    indentation(indent) + name + (safi === undefined ? '' : ` (${safiNames[safi] ?? `Unknown SAFI ${safi}`})`);
  if (choice.tag === Tag.NULL) return `${heading}: inherit\n`;
  const list = inside(demand(choice, Tag.SEQUENCE, 'an IPAddressChoice'));
  const lines = readAll(list, (reader) => addressOrRangeText(reader, afi));
  return `${heading}:\n${lines.map((line) => `${indentation(indent + 2)}${line}\n`).join('')}`;
}

function addressOrRangeText(reader: DerReader, afi: number): string {
  const element = reader.next();
  const text = (bits: BitString, fill: 0x00 | 0xff): string => addressText(bits, afi, fill, element);
  if (element.tag === Tag.BIT_STRING) {
    const prefix = bitsOf(element);
    return `${text(prefix, 0x00)}/${prefix.octets.length * 8 - prefix.unused}`;
  }
  return readInside(demand(element, Tag.SEQUENCE, 'an IPAddressOrRange'), 'an IPAddressRange', (fields) => {
    const end = (what: string): BitString => bitsOf(fields.expect(Tag.BIT_STRING, what));
    return `${text(end('the start of a range'), 0x00)}-${text(end('the end of a range'), 0xff)}`;
  });
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
const printAsIdentifiers = sequencePrinter('ASIdentifiers', (fields, { indent }) =>
  ['Autonomous System Numbers', 'Routing Domain Identifiers']
    .map((heading, tag) =>
      readOptional(fields, contextConstructed(tag), (explicit) => asIdentifiersText(heading, explicit, indent)),
    )
    .join(''),
);

function asIdentifiersText(heading: string, explicit: DerElement, indent: number): string {
  const choice = readInside(explicit, 'an ASIdentifierChoice', (reader) => reader.next());
  const lines =
    choice.tag === Tag.NULL
      ? ['inherit']
      : readAll(inside(demand(choice, Tag.SEQUENCE, 'an ASIdentifierChoice')), asIdOrRangeText);
  const margin = indentation(indent);
  return `${margin}${heading}:\n${lines.map((line) => `${margin}  ${line}\n`).join('')}`;
}

function asIdOrRangeText(reader: DerReader): string {
  const element = reader.next();
  if (element.tag === Tag.INTEGER) return integerText(element);
  return readInside(demand(element, Tag.SEQUENCE, 'an ASIdOrRange'), 'an ASRange', (fields) =>
    ['the start of a range', 'the end of a range'].map((what) => integerText(fields.expect(Tag.INTEGER, what))),
  ).join('-');
}

/** Strong extranet of Thawte. */
const printStrongExtranet = sequencePrinter('SXNET', (fields, { indent }) => {
  const { negative, octets: magnitude } = signedMagnitude(fields.expect(Tag.INTEGER, 'a version'));
  const ids = readAll(inside(fields.expect(Tag.SEQUENCE, 'zones')), (reader) =>
    readSequence(reader, 'a zone', (id) => {
      const zone = integerText(id.expect(Tag.INTEGER, 'the number of a zone'));
      const user = printableOctets(id.expect(Tag.OCTET_STRING, 'the user of a zone').content);
      return `\n${indentation(indent)}Zone: ${zone}, User: ${user}`;
    }),
  );
  const version = (negative ? -1n : 1n) * magnitudeOf(magnitude);
  const supported = BigInt.asIntN(64, version) === version && version < (1n << 63n) - 1n;
  const versionText = supported
    ? `${version + 1n} (0x${BigInt.asUintN(64, version).toString(16).toUpperCase()})`
    : '<unsupported>';
  return `${indentation(indent)}Version: ${versionText}${ids.join('')}`;
});

/** The tools of a Russian qualified certificate's issuer. */
const printIssuerSignTool = sequencePrinter('IssuerSignTool', (fields, { indent }) =>
  ['signTool    : ', 'cATool      : ', 'signToolCert: ', 'cAToolCert  : ']
    .map((label) => indentation(indent) + label + octets(fields.expect(Tag.UTF8_STRING, 'a tool').content))
    .join('\n'),
);

/** Stands for a naming authority without fields, at which OpenSSL stops and shows the octets instead. */
const STOP = '\u{ffff}';

/** Admissions of German professions (Common PKI 1.1 part 1, table 29c). */
const printAdmissions: OctetPrinter = (value, place) => {
  const [shown = '', ...unseen] = admissionsText(value, place)?.split(STOP) ?? [];
  return unseen.length === 0 ? shown : shown + indentation(place.indent) + printableOctets(value);
};

const admissionsText = sequencePrinter('AdmissionSyntax', (fields, { indent, names }) => {
  const margin = indentation(indent);
  const authority = fields.peekTag() === Tag.SEQUENCE ? undefined : generalNameText(readGeneralName(fields), names);
  const entries = readAll(inside(fields.expect(Tag.SEQUENCE, 'admissions')), (reader) =>
    readSequence(reader, 'an admission', (admission) => admissionText(admission, indent, names)),
  );
  return (
    (authority === undefined ? '' : `${margin}admissionAuthority:\n${margin}  ${authority}\n`) +
    entries.map((entry, i) => `${margin}Entry ${i + 1}:\n${entry}`).join('')
  );
});

function admissionText(fields: DerReader, indent: number, names: ObjectNames): string {
  const margin = indentation(indent);
  const authority = fields.optional(contextConstructed(0));
  const namingAuthority = fields.optional(contextConstructed(1));
  const professions = readAll(inside(fields.expect(Tag.SEQUENCE, 'professions')), (reader) =>
    readSequence(reader, 'a profession', (profession) => professionText(profession, indent + 4, names)),
  );
  return (
    (authority
      ? `${margin}  admissionAuthority:\n${margin}    ${generalNameText(readGeneralName(inside(authority)), names)}\n`
      : '') +
    (namingAuthority ? namingAuthorityText(namingAuthority, indent + 2, names) : '') +
    professions.map((profession, i) => `${margin}  Profession Info Entry ${i + 1}:\n${profession}`).join('')
  );
}

function professionText(fields: DerReader, indent: number, names: ObjectNames): string {
  const namingAuthority = fields.optional(contextConstructed(0));
  const items = readAll(inside(fields.expect(Tag.SEQUENCE, 'profession items')), (reader) => reader.next());
  const identifiers = fields.optional(Tag.SEQUENCE);
  const registration = fields.optional(Tag.PRINTABLE_STRING);
  fields.optional(Tag.OCTET_STRING);
  const line = (text: string): string => `${indentation(indent)}${text}\n`;
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
  const { id, url, text } = readSequence(inside(explicit), 'a naming authority', (fields) => ({
    id: fields.optional(Tag.OBJECT_IDENTIFIER),
    url: fields.optional(Tag.IA5_STRING),
    text: fields.atEnd ? undefined : fields.next(),
  }));
  if (!id && !url && !text) return STOP;
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

/** RFC 5246 7.4.1.4.1: hash and signature. OpenSSL reads timestamps with these two alone. */
const timestampSignatures: Readonly<Record<string, string>> = {
  '4 1': 'sha256WithRSAEncryption',
  '4 3': 'ecdsa-with-SHA256',
};

function timestampText({ raw, version, v1 }: SignedCertificateTimestamp, indent: number): string {
  const margin = `\n${indentation(indent + 4)}`;
  const block = (bytes: Buffer): string => continuedHex(bytes, indent + 16);
  const heading = `${indentation(indent)}Signed Certificate Timestamp:${margin}Version   : `;
  if (version === null) throw new DerError('a timestamp is empty', 0);
  if (v1 === null) return `${heading}unknown\n${indentation(indent + 16)}${block(raw)}`;

  const signatureName = timestampSignatures[`${v1.hashAlgorithm} ${v1.signatureAlgorithm}`];
  if (signatureName === undefined || v1.signature.length === 0)
    throw new DerError('the signature of a timestamp is of an unknown kind', 0);
  return (
    `${heading}v1 (0x0)` +
    `${margin}Log ID    : ${block(v1.logId)}` +
    `${margin}Timestamp : ${timestampTime(v1.milliseconds)}` +
    `${margin}Extensions: ${v1.extensions.length === 0 ? 'none' : block(v1.extensions)}` +
    `${margin}Signature : ${signatureName}` +
    `${margin}            ${block(v1.signature)}`
  );
}

/** 9999-12-31T23:59:59.999Z, the last instant that a GeneralizedTime can express. */
const lastMillisecond = 253402300799999n;

const timestampTime = (milliseconds: bigint): string =>
  milliseconds > lastMillisecond
    ? ''
    : instantText(Number(milliseconds), String(milliseconds % 1000n).padStart(3, '0'));

/** Upper case hexadecimal, 16 octets in a line; all lines but the first are indented. */
const continuedHex = (bytes: Buffer, indent: number): string => hexBlock(bytes, indent, 16).trimStart().toUpperCase();

/** The timestamps of Certificate Transparency (RFC 6962 3.3). */
export const printTimestamps = (list: readonly SignedCertificateTimestamp[], { indent }: PrintPlace): string =>
  list.map((timestamp) => timestampText(timestamp, indent)).join('\n');

/** Printers of extensions that are shown in this text alone, and so read their octets themselves. */
export const octetPrinters: ReadonlyMap<string, OctetPrinter> = new Map([
  ['1.3.6.1.5.5.7.1.7', printIpAddressBlocks],
  ['1.3.6.1.5.5.7.1.8', printAsIdentifiers],
  ['1.3.6.1.5.5.7.1.14', printProxyCertificateInformation],
  ['1.3.6.1.5.5.7.48.1.2', printOcspNonce],
  ['1.3.6.1.5.5.7.48.1.3', printOcspCrlReference],
  ['1.2.643.100.112', printIssuerSignTool],
  ['1.3.36.8.3.3', printAdmissions],
  ['1.3.101.1.4.1', printStrongExtranet],
]);
