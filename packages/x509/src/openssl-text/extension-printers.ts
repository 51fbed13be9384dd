import { type DerElement, DerError, Tag } from '../strict/der.js';
import type { ExtensionId, ExtensionValue } from '../tree/extension.js';
import type { DistributionPointName, PolicyQualifier, Subtree } from '../tree/extension-values.js';
import type { GeneralName } from '../tree/name.js';
import {
  type BitString,
  clearedOctets,
  dottedIdentifier,
  hasBit,
  integerText,
  signedMagnitude,
  type Time,
} from '../tree/values.js';
import { generalNameText, generalNameValues, ipAddressText, nestedNameText, relativeNameText } from './name-text.js';
import { cutToBuffer } from './object-names.js';
import {
  indentation,
  inLines,
  inOneLine,
  octetsUntilNul,
  type PrintPlace,
  timeText,
  upperHexPairs,
} from './printing.js';
import { printTimestamps } from './profile-printers.js';

/** Undefined, or a DerError, where OpenSSL has no way to print the value: the octets are shown then. */
type Printed = string | undefined;

type Printers = { readonly [Id in ExtensionId]?: (value: ExtensionValue<Id>, place: PrintPlace) => Printed };

/** RFC 5280 4.2.1.9, and the basicAttConstraints of X.509, which differ in a word. */
const constraints =
  (word: string) =>
  ({ ca, pathLength }: ExtensionValue<'2.5.29.19'>, place: PrintPlace): Printed => {
    const values = [`${word}:${ca ? 'TRUE' : 'FALSE'}`];
    if (pathLength) values.push(`pathlen:${integerText(pathLength)}`);
    return inOneLine(values, place);
  };

const keyIdentifier = ({ content }: DerElement, { indent }: PrintPlace): Printed =>
  indentation(indent) + upperHexPairs(content);

/** RFC 5280 4.2.1.1 */
function authorityKeyIdentifier(value: ExtensionValue<'2.5.29.35'>, place: PrintPlace): Printed {
  const { keyIdentifier, serialNumber } = value;
  const serial = serialNumber && upperHexPairs(signedMagnitude(serialNumber).octets);
  const issuers = value.issuers && generalNameValues(value.issuers, place.names);
  if (issuers === undefined) return undefined;

  const values: string[] = [];
  if (keyIdentifier) values.push((issuers || serialNumber ? 'keyid:' : '') + upperHexPairs(keyIdentifier));
  values.push(...(issuers ?? []));
  if (serial !== null) values.push(`serial:${serial}`);
  if (values.length === 0) return issuers ? inLines([], place) : undefined;
  return inLines(values, place);
}

/** The names of the bits that are set. */
function bitNames(bits: BitString, names: readonly string[]): string[] {
  const octets = clearedOctets(bits);
  return names.filter((_, n) => hasBit(octets, n));
}

/** Values beside one another; an empty list is not printed at all. */
const someInOneLine = (values: readonly string[], place: PrintPlace): Printed =>
  values.length === 0 ? undefined : inOneLine(values, place);

const namedBits =
  (names: readonly string[]) =>
  (bits: BitString, place: PrintPlace): Printed =>
    someInOneLine(bitNames(bits, names), place);

/** RFC 5280 4.2.1.3 */
const keyUsage = namedBits([
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

const netscapeCertificateType = namedBits([
  'SSL Client',
  'SSL Server',
  'S/MIME',
  'Object Signing',
  'Unused',
  'SSL CA',
  'S/MIME CA',
  'Object Signing CA',
]);

/** SEQUENCE OF OBJECT IDENTIFIER: extended key usage (RFC 5280 4.2.1.12) and others of that form. */
const identifierList = (identifiers: readonly string[], place: PrintPlace): Printed =>
  someInOneLine(
    identifiers.map((identifier) => cutToBuffer(place.names.long(identifier))),
    place,
  );

/** Subject, issuer and CRL entry names (RFC 5280 4.2.1.6, 4.2.1.7, 5.3.3). */
function alternativeNames(list: readonly GeneralName[], place: PrintPlace): Printed {
  const values = generalNameValues(list, place.names);
  return values && inOneLine(values, place);
}

/** RFC 5280 4.2.1.10 */
const nameConstraints = ({ permitted, excluded }: ExtensionValue<'2.5.29.30'>, place: PrintPlace): Printed =>
  (permitted ? subtreesText('Permitted', permitted, place) : '') +
  (permitted && excluded ? '\n' : '') +
  (excluded ? subtreesText('Excluded', excluded, place) : '');

function subtreesText(heading: string, subtrees: readonly Subtree[], { indent, names }: PrintPlace): string {
  if (subtrees.length === 0) return '';
  const lines = subtrees.map((subtree) => `${indentation(indent + 2)}${baseText(subtree, names)}`);
  return `${indentation(indent)}${heading}:\n${lines.join('\n')}`;
}

/** An address has its mask behind it here. */
function baseText({ base, minimum, maximum }: Subtree, names: PrintPlace['names']): string {
  // OpenSSL loads the bounds and does not print them.
  for (const bound of [minimum, maximum]) if (bound) signedMagnitude(bound);
  if (base.type !== 'iPAddress') return generalNameText(base, names);
  const { octets } = base;
  const size = octets.length >= 16 ? 16 : Math.min(octets.length, 4);
  return `IP:${ipAddressText(octets.subarray(0, size))}/${ipAddressText(octets.subarray(size))}`;
}

/** Names below one another, the last without its line feed. */
const generalNameLines = (list: readonly GeneralName[], { indent, names }: PrintPlace): string =>
  list.map((name) => indentation(indent + 2) + generalNameText(name, names)).join('\n');

function distributionPointNameText(name: DistributionPointName, place: PrintPlace): string {
  const margin = indentation(place.indent);
  return 'fullName' in name
    ? `${margin}Full Name:\n${generalNameLines(name.fullName, place)}\n`
    : `${margin}Relative Name:\n${margin}  ${relativeNameText(name.relativeName, place.names)}\n`;
}

/** RFC 5280 4.2.1.13, 5.3.1 */
const reasonNames = [
  'Unused',
  'Key Compromise',
  'CA Compromise',
  'Affiliation Changed',
  'Superseded',
  'Cessation Of Operation',
  'Certificate Hold',
  'Privilege Withdrawn',
  'AA Compromise',
];

function reasonsText(heading: string, bits: BitString, { indent }: PrintPlace): string {
  const margin = indentation(indent);
  const set = bitNames(bits, reasonNames);
  return `${margin}${heading}:\n${margin}  ${set.length === 0 ? '<EMPTY>' : set.join(', ')}\n`;
}

/** CRL distribution points and freshest CRL (RFC 5280 4.2.1.13, 4.2.1.15). */
const distributionPoints = (points: ExtensionValue<'2.5.29.31'>, place: PrintPlace): Printed =>
  points
    .map(
      ({ name, reasons, issuers }) =>
        (name ? distributionPointNameText(name, place) : '') +
        (reasons ? reasonsText('Reasons', reasons, place) : '') +
        (issuers ? `${indentation(place.indent)}CRL Issuer:\n${generalNameLines(issuers, place)}` : ''),
    )
    .join('\n');

/** RFC 5280 5.2.5 */
function issuingDistributionPoint(point: ExtensionValue<'2.5.29.28'>, place: PrintPlace): Printed {
  const line = (text: string): string => `${indentation(place.indent)}${text}\n`;
  const text =
    (point.name ? distributionPointNameText(point.name, place) : '') +
    (point.onlyContainsUserCerts ? line('Only User Certificates') : '') +
    (point.onlyContainsCACerts ? line('Only CA Certificates') : '') +
    (point.indirectCRL ? line('Indirect CRL') : '') +
    (point.onlySomeReasons ? reasonsText('Only Some Reasons', point.onlySomeReasons, place) : '') +
    (point.onlyContainsAttributeCerts ? line('Only Attribute Certificates') : '');
  return text === '' ? line('<EMPTY>') : text;
}

/** RFC 5280 4.2.1.4 */
const certificatePolicies = (policies: ExtensionValue<'2.5.29.32'>, place: PrintPlace): Printed =>
  policies
    .map(({ id, qualifiers }) => {
      const heading = `${indentation(place.indent)}Policy: ${place.names.long(id)}`;
      if (qualifiers === null) return heading;
      const inner = { ...place, indent: place.indent + 2 };
      return `${heading}\n${qualifiers.map((qualifier) => qualifierText(qualifier, inner)).join('\n')}`;
    })
    .join('\n');

function qualifierText(qualifier: PolicyQualifier, { indent, names }: PrintPlace): string {
  const margin = indentation(indent);
  switch (qualifier.type) {
    case 'cPSuri':
      return `${margin}CPS: ${octetsUntilNul(qualifier.uri)}`;
    case 'other':
      return `${margin}  Unknown Qualifier: ${names.long(qualifier.id)}`;
    case 'userNotice': {
      const { reference, explicitText } = qualifier;
      const parts: string[] = [];
      if (reference) {
        const numbers = reference.numbers.map(integerText);
        parts.push(
          `${margin}  Organization: ${displayText(reference.organization)}\n` +
            `${margin}  Number${numbers.length > 1 ? 's' : ''}: ${numbers.join(', ')}`,
        );
      }
      if (explicitText) parts.push(`${margin}  Explicit Text: ${displayText(explicitText)}`);
      return `${margin}User Notice:\n${parts.join('\n')}`;
    }
  }
}

const displayTextTags: ReadonlySet<number> = new Set([
  Tag.IA5_STRING,
  Tag.VISIBLE_STRING,
  Tag.BMP_STRING,
  Tag.UTF8_STRING,
]);

/** DisplayText: IA5String, VisibleString, BMPString or UTF8String, whose octets are printed as they are. */
function displayText({ tag, content, offset }: DerElement): string {
  if (!displayTextTags.has(tag)) throw new DerError('a text of a policy is of another type', offset);
  return octetsUntilNul(content);
}

const integer = (element: DerElement, { indent }: PrintPlace): Printed => indentation(indent) + integerText(element);

const text = ({ content }: DerElement, { indent }: PrintPlace): Printed =>
  content.length === 0 ? undefined : indentation(indent) + octetsUntilNul(content);

/** A NULL; OCSP no check (RFC 6960 4.2.2.2.1) is printed as nothing at all. */
const flag =
  (shown: string | null) =>
  ({ content, offset }: DerElement, { indent }: PrintPlace): Printed => {
    if (content.length > 0) throw new DerError('NULL is not empty', offset);
    return shown === null ? '' : indentation(indent) + shown;
  };
const namedNull = flag('NULL');

const time = (value: Time, { indent }: PrintPlace): Printed => indentation(indent) + timeText(value);

const tlsFeatureNames: Readonly<Record<string, string>> = { 5: 'status_request', 17: 'status_request_v2' };

const crlReasonNames: Readonly<Record<string, string>> = {
  0: 'Unspecified',
  1: 'Key Compromise',
  2: 'CA Compromise',
  3: 'Affiliation Changed',
  4: 'Superseded',
  5: 'Cessation Of Operation',
  6: 'Certificate Hold',
  8: 'Remove From CRL',
  9: 'Privilege Withdrawn',
  10: 'AA Compromise',
};

/** Authority and subject information access (RFC 5280 4.2.2). */
function informationAccess(accesses: ExtensionValue<'1.3.6.1.5.5.7.1.1'>, place: PrintPlace): Printed {
  const locations = generalNameValues(
    accesses.map(({ location }) => location),
    place.names,
  );
  return (
    locations &&
    inLines(
      accesses.map(({ method }, i) => `${cutToBuffer(place.names.long(method))} - ${locations[i] ?? ''}`),
      place,
    )
  );
}

const printers: Printers = {
  // RFC 5280 4.2 and 5.2, X.509
  '2.5.29.14': keyIdentifier,
  '2.5.29.15': keyUsage,
  // X.509 9.2.2.5
  '2.5.29.16': ({ notBefore, notAfter }, { indent }) => {
    const values: string[] = [];
    if (notBefore) values.push(`Not Before: ${timeText(notBefore)}`);
    if (notAfter) values.push(`Not After: ${timeText(notAfter)}`);
    return indentation(indent) + values.join(', ');
  },
  '2.5.29.17': alternativeNames,
  '2.5.29.18': alternativeNames,
  '2.5.29.19': constraints('CA'),
  '2.5.29.20': integer,
  '2.5.29.21': (element, { indent }) => {
    const number = integerText(element);
    return indentation(indent) + (crlReasonNames[number] ?? number);
  },
  '2.5.29.23': (element, { indent, names }) => indentation(indent) + names.long(dottedIdentifier(element)),
  '2.5.29.24': time,
  '2.5.29.27': integer,
  '2.5.29.28': issuingDistributionPoint,
  '2.5.29.29': alternativeNames,
  '2.5.29.30': nameConstraints,
  '2.5.29.31': distributionPoints,
  '2.5.29.32': certificatePolicies,
  // RFC 5280 4.2.1.5
  '2.5.29.33': (mappings, place) => {
    const policy = (id: string): string => cutToBuffer(place.names.long(id));
    const values = mappings.map((each) => `${policy(each.issuerDomainPolicy)}:${policy(each.subjectDomainPolicy)}`);
    return someInOneLine(values, place);
  },
  '2.5.29.35': authorityKeyIdentifier,
  // RFC 5280 4.2.1.11
  '2.5.29.36': ({ requireExplicitPolicy, inhibitPolicyMapping }, place) => {
    const values: string[] = [];
    if (requireExplicitPolicy) values.push(`Require Explicit Policy:${integerText(requireExplicitPolicy)}`);
    if (inhibitPolicyMapping) values.push(`Inhibit Policy Mapping:${integerText(inhibitPolicyMapping)}`);
    return someInOneLine(values, place);
  },
  '2.5.29.37': identifierList,
  '2.5.29.46': distributionPoints,
  '2.5.29.54': integer,
  // X.509 attribute certificates
  '2.5.29.41': constraints('authority'),
  '2.5.29.42': nameConstraints,
  '2.5.29.50': namedNull,
  '2.5.29.52': identifierList,
  '2.5.29.56': namedNull,
  '2.5.29.57': identifierList,
  '2.5.29.61': namedNull,
  '2.5.29.62': namedNull,
  '2.5.29.65': namedNull,
  '2.5.29.66': namedNull,
  '2.5.29.69': nameConstraints,
  // PKIX
  '1.3.6.1.5.5.7.1.1': informationAccess,
  '1.3.6.1.5.5.7.1.4': keyIdentifier,
  '1.3.6.1.5.5.7.1.11': informationAccess,
  // RFC 7633
  '1.3.6.1.5.5.7.1.24': (features, place) =>
    someInOneLine(
      features.map(integerText).map((number) => tlsFeatureNames[number] ?? number),
      place,
    ),
  '1.3.6.1.5.5.7.48.1.4': identifierList,
  '1.3.6.1.5.5.7.48.1.5': flag(null),
  '1.3.6.1.5.5.7.48.1.6': time,
  // RFC 6960 4.4.6
  '1.3.6.1.5.5.7.48.1.7': ({ issuer, locations }, { indent, names }) => {
    const issuerText = nestedNameText(issuer, names);
    if (issuerText === '') return undefined;
    const lines = locations.map(
      ({ method, location }) =>
        `\n${indentation(2 * indent)}${names.long(method)} - ${generalNameText(location, names)}`,
    );
    return `${indentation(indent)}Issuer: ${issuerText}${lines.join('')}`;
  },
  // Certificate Transparency (RFC 6962 3.3)
  '1.3.6.1.4.1.11129.2.4.2': printTimestamps,
  '1.3.6.1.4.1.11129.2.4.3': namedNull,
  '1.3.6.1.4.1.11129.2.4.5': printTimestamps,
  // Netscape
  '2.16.840.1.113730.1.1': netscapeCertificateType,
  '2.16.840.1.113730.1.2': text,
  '2.16.840.1.113730.1.3': text,
  '2.16.840.1.113730.1.4': text,
  '2.16.840.1.113730.1.7': text,
  '2.16.840.1.113730.1.8': text,
  '2.16.840.1.113730.1.12': text,
  '2.16.840.1.113730.1.13': text,
  // The tool of a Russian subject
  '1.2.643.100.111': text,
};

/**
 * The printers of the extensions that have a typed value, by dotted identifier. Each must be given the value of its own
 * extension.
 */
export const extensionPrinters = new Map(Object.entries(printers)) as ReadonlyMap<
  string,
  (value: unknown, place: PrintPlace) => Printed
>;
