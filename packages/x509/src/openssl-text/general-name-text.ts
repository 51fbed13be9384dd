import { DerError, type DerElement, Tag } from '../strict/der.js';
import type { GeneralName } from '../tree/general-name.js';
import { nestedNameText, oneLineNameText } from './name-text.js';
import type { ObjectNames } from './object-names.js';
import { octets, octetsUntilNul, printableOctets } from './octets.js';

const labels = {
  rfc822Name: 'email',
  dNSName: 'DNS',
  uniformResourceIdentifier: 'URI',
  x400Address: 'X400Name',
  ediPartyName: 'EdiPartyName',
} as const;

interface KnownOtherName {
  readonly label: string;
  readonly tag: number;
}

const knownOtherNames: ReadonlyMap<string, KnownOtherName> = new Map([
  ['1.3.6.1.4.1.311.20.2.3', { label: 'UPN', tag: Tag.UTF8_STRING }],
  ['1.3.6.1.5.5.7.8.5', { label: 'XmppAddr', tag: Tag.UTF8_STRING }],
  ['1.3.6.1.5.5.7.8.7', { label: 'SRVName', tag: Tag.IA5_STRING }],
  ['1.3.6.1.5.5.7.8.8', { label: 'NAIRealm', tag: Tag.UTF8_STRING }],
  ['1.3.6.1.5.5.7.8.9', { label: 'SmtpUTF8Mailbox', tag: Tag.UTF8_STRING }],
]);

/**
 * A label and a value, as alternative names, key identifiers and information access print them. Undefined for a name
 * that OpenSSL refuses to print there: with a NUL, which could hide its end, or a known otherName of another type.
 */
function generalNameValue(name: GeneralName, names: ObjectNames): readonly [string, string] | undefined {
  insistOnProper(name);
  switch (name.type) {
    case 'otherName':
      return otherNameValue(name.typeId, name.value, names);
    case 'rfc822Name':
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return withoutNul(labels[name.type], name.octets);
    case 'directoryName':
      return ['DirName', oneLineNameText(name.name, names)];
    case 'iPAddress':
      return ['IP Address', ipAddressText(name.octets)];
    case 'registeredID':
      return ['Registered ID', names.long(name.id).slice(0, 255)];
    case 'x400Address':
    case 'ediPartyName':
      return [labels[name.type], '<unsupported>'];
  }
}

/** OpenSSL does not load an extension with a malformed ediPartyName. */
function insistOnProper(name: GeneralName): void {
  if (name.type === 'ediPartyName' && !name.proper) throw new DerError('an ediPartyName is malformed', 0);
}

function otherNameValue(type: string, value: DerElement, names: ObjectNames): readonly [string, string] | undefined {
  const known = knownOtherNames.get(type);
  if (known) return value.tag === known.tag ? withoutNul(`othername: ${known.label}`, value.content) : undefined;
  const label = `othername: ${names.long(type).slice(0, 255)}`;
  const readable = value.tag === Tag.IA5_STRING || value.tag === Tag.UTF8_STRING;
  return (readable ? withoutNul(label, value.content) : undefined) ?? [label, '<unsupported>'];
}

const withoutNul = (label: string, content: Buffer): readonly [string, string] | undefined =>
  content.includes(0) ? undefined : [label, octets(content)];

/** Label and value of each name; undefined when one of them cannot be printed. */
export function generalNameValues(list: readonly GeneralName[], names: ObjectNames): string[] | undefined {
  const pairs = list.map((name) => generalNameValue(name, names));
  const values = pairs.flatMap((pair) => (pair === undefined ? [] : [pair.join(':')]));
  return values.length === list.length ? values : undefined;
}

/** A name as distribution points and name constraints print it. */
export function generalNameText(name: GeneralName, names: ObjectNames): string {
  insistOnProper(name);
  switch (name.type) {
    case 'otherName': {
      const known = knownOtherNames.get(name.typeId);
      return known?.tag === name.value.tag
        ? `othername:${known.label}:${octetsUntilNul(name.value.content)}`
        : 'othername:<unsupported>';
    }
    case 'rfc822Name':
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return `${labels[name.type]}:${printableOctets(name.octets)}`;
    case 'directoryName':
      return `DirName:${nestedNameText(name.name, names)}`;
    case 'iPAddress':
      return `IP Address:${ipAddressText(name.octets)}`;
    case 'registeredID':
      return `Registered ID:${names.long(name.id)}`;
    case 'x400Address':
    case 'ediPartyName':
      return `${labels[name.type]}:<unsupported>`;
  }
}

/** RFC 5280 4.2.1.6: four octets or sixteen; all eight groups of the latter, none abbreviated. */
export function ipAddressText(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  if (address.length !== 16) return `<invalid length=${address.length}>`;
  return Array.from({ length: 8 }, (_, i) =>
    address
      .readUInt16BE(i * 2)
      .toString(16)
      .toUpperCase(),
  ).join(':');
}
