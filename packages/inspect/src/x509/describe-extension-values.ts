import { objectNames } from '@kubepass/x509/openssl-text';
import { type DerElement, DerError, keyUsages, Tag } from '@kubepass/x509';
import {
  type BitString,
  count,
  decodeString,
  type DistributionPointName,
  type ExtensionId,
  type ExtensionValue,
  type GeneralName,
  type GeneralNameType,
  hasBit,
  integerText,
  type PolicyQualifier,
  type SignedCertificateTimestamp,
  smallInteger,
} from '@kubepass/x509/tree';
import type { ExtensionFacts, Report } from '../model/decoded.js';
import {
  atLeastOne,
  attributeContent,
  attributeLabel,
  describeGeneralName,
  describeGeneralNames,
  describeSubtrees,
  type GeneralNameContent,
} from './describe-names.js';
import { quote } from '../formats/text/quote.js';
import { timeContent } from './decode-signed-object.js';
import { isUri, observeIdentifier } from './go-rules.js';

/** Any JSON value but null. */
type PlainValue = object | string | number | boolean;

/** The facts that comparisons need, as far as they are read. */
export type FoundFacts = { -readonly [Fact in keyof ExtensionFacts]?: ExtensionFacts[Fact] };

/**
 * Describes a value in plain JSON, reports its oddities, and notes the facts that comparisons need. Throws `DerError`
 * where the value cannot be shown.
 */
type Describe<Value> = (value: Value, report: Report, facts: FoundFacts) => PlainValue;

const subjectKeyIdentifier: Describe<DerElement> = ({ content }, report, facts) => {
  if (content.length === 0) report('MalformedExtension', 'the key identifier is empty');
  facts.subjectKeyIdentifier = content;
  return content.toString('hex');
};

const authorityKeyIdentifier: Describe<ExtensionValue<'2.5.29.35'>> = (identifier, report, facts) => {
  const { keyIdentifier, issuers } = identifier;
  const serialNumber = identifier.serialNumber?.content ?? null;
  const authorityCertIssuer = describeGeneralNames(issuers ?? [], report);
  if ((issuers === null) !== (serialNumber === null))
    report('MalformedExtension', 'issuer and serial number of the authority are there one without the other');
  const named = issuers?.find((name) => name.type === 'directoryName');
  facts.authorityKeyIdentifier = { keyIdentifier, issuer: named?.name.raw ?? null, serialNumber };
  return {
    keyIdentifier: keyIdentifier?.toString('hex') ?? null,
    authorityCertIssuer,
    authorityCertSerialNumber: serialNumber?.toString('hex') ?? null,
  };
};

const basicConstraints: Describe<ExtensionValue<'2.5.29.19'>> = ({ ca, isFalseWritten, pathLength }, report, facts) => {
  // X.690 11.5: a value equal to its DEFAULT is left out.
  if (isFalseWritten) report('EncodingUnusual', 'cA FALSE is written out');
  return (facts.basicConstraints = { ca, pathLenConstraint: pathLength ? count(pathLength) : null });
};

/** The names of the bits that are set; reports bits that a named bit list does not have in DER. */
function namesOfBits<Name extends string>(
  { octets, unused }: BitString,
  names: readonly Name[],
  report: Report,
): Name[] {
  const size = octets.length * 8 - unused;
  // X.690 11.2.2: a named bit list ends with a bit that is set.
  if (size > 0 && !hasBit(octets, size - 1)) report('EncodingUnusual', 'a list of named bits has zeros at its end');
  for (let bit = names.length; bit < size; bit++)
    if (hasBit(octets, bit)) {
      report('MalformedExtension', `bit ${bit} is set and has no name`);
      break;
    }
  return names.filter((_, bit) => hasBit(octets, bit));
}

const keyUsage: Describe<BitString> = (bits, report, facts) => {
  const usages = namesOfBits(bits, keyUsages, report);
  if (usages.length === 0) report('MalformedExtension', 'no usage is set');
  return (facts.keyUsage = usages);
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

/** Purposes by name, those without one in dotted form. */
const extKeyUsage: Describe<readonly string[]> = (purposes, report, facts) => {
  facts.extKeyUsage = purposes;
  for (const purpose of purposes) observeIdentifier(purpose, report);
  return atLeastOne(purposes, 'the list of purposes', report).map((purpose) => objectNames.short(purpose) ?? purpose);
};

function alternativeNames(names: readonly GeneralName[], report: Report): GeneralNameContent[] {
  const contents = describeGeneralNames(names, report);
  if (names.length === 0) report('MalformedExtension', 'there is no name');
  for (const { type, octets } of names)
    if (type === 'iPAddress' && octets.length !== 4 && octets.length !== 16)
      report('MalformedExtension', `an address has ${octets.length} octets, neither 4 nor 16`);
  return contents;
}

const subjectAltName: Describe<readonly GeneralName[]> = (value, report, facts) => {
  const names = alternativeNames(value, report);
  const [dns, ip, email, uri]: [string[], string[], string[], string[]] = [[], [], [], []];
  const lists: Partial<Record<GeneralNameType, string[]>> = {
    dNSName: dns,
    iPAddress: ip,
    rfc822Name: email,
    uniformResourceIdentifier: uri,
  };
  let others = 0;
  for (const { type, value: text } of names) {
    if (type === 'uniformResourceIdentifier' && text !== null && !isUri(text))
      report(
        'MalformedExtension',
        `${quote(text.slice(0, 200))} is no URI (RFC 3986), for which Go, and so Kubernetes, may refuse the certificate`,
      );
    const list = lists[type];
    if (list === undefined) others++;
    else if (text !== null) list.push(text);
  }
  facts.subjectAltNames = { dns, ip, email, uri, others };
  return names;
};

const nameConstraints: Describe<ExtensionValue<'2.5.29.30'>> = ({ permitted, excluded }, report) => {
  if (permitted === null && excluded === null) report('MalformedExtension', 'nothing is constrained');
  return {
    permittedSubtrees: permitted === null ? [] : describeSubtrees(permitted, report),
    excludedSubtrees: excluded === null ? [] : describeSubtrees(excluded, report),
  };
};

/** RFC 5280 4.2.1.13, 5.3.1. */
const reasonFlags = [
  'unused',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

const reasonsOf = (bits: BitString | null, report: Report): string[] | null =>
  bits && namesOfBits(bits, reasonFlags, report);

function distributionPointName(name: DistributionPointName | null, report: Report): object | null {
  if (name === null) return null;
  return 'fullName' in name
    ? { fullName: describeGeneralNames(name.fullName, report) }
    : { nameRelativeToCRLIssuer: name.relativeName.map(attributeContent) };
}

const distributionPoints: Describe<ExtensionValue<'2.5.29.31'>> = (points, report) =>
  atLeastOne(points, 'the list of distribution points', report).map(({ name, reasons, issuers }) => ({
    distributionPoint: distributionPointName(name, report),
    reasons: reasonsOf(reasons, report),
    cRLIssuer: describeGeneralNames(issuers ?? [], report),
  }));

const issuingDistributionPoint: Describe<ExtensionValue<'2.5.29.28'>> = (point, report) => ({
  distributionPoint: distributionPointName(point.name, report),
  onlyContainsUserCerts: point.onlyContainsUserCerts,
  onlyContainsCACerts: point.onlyContainsCACerts,
  onlySomeReasons: reasonsOf(point.onlySomeReasons, report),
  indirectCRL: point.indirectCRL,
  onlyContainsAttributeCerts: point.onlyContainsAttributeCerts,
});

const certificatePolicies: Describe<ExtensionValue<'2.5.29.32'>> = (policies, report) => {
  const seen = new Set<string>();
  for (const { id } of policies) {
    if (seen.has(id)) report('DuplicatePolicy', `the policy ${objectNames.short(id) ?? id} is there more than once`);
    seen.add(id);
  }
  return atLeastOne(policies, 'the list of policies', report).map(({ id, qualifiers }) => ({
    policyIdentifier: id,
    name: objectNames.short(id) ?? null,
    policyQualifiers:
      qualifiers === null ? [] : atLeastOne(qualifiers, 'a list of qualifiers', report).map(qualifierContent),
  }));
};

function qualifierContent(qualifier: PolicyQualifier): object {
  switch (qualifier.type) {
    case 'cPSuri':
      return { type: 'cPSuri', value: qualifier.uri.toString('latin1') };
    case 'other':
      return { type: qualifier.id, hex: qualifier.value.raw.toString('hex') };
    case 'userNotice': {
      const { reference, explicitText } = qualifier;
      const noticeRef = reference && {
        organization: displayText(reference.organization),
        noticeNumbers: reference.numbers.map(integerText),
      };
      return { type: 'userNotice', noticeRef, explicitText: explicitText && displayText(explicitText) };
    }
  }
}

function displayText({ tag, content, offset }: DerElement): string {
  const { text } = decodeString(tag, content);
  if (text === null) throw new DerError('a text of a policy is no proper string', offset);
  return text;
}

/** CRL numbers have up to 20 octets, so they are text; in decimal unless very large. */
const numberText = integerText;

/** OCSP no check (RFC 6960 4.2.2.2.1), the poison of a precertificate (RFC 6962 3.1): being there says it all. */
const flag: Describe<DerElement> = ({ content }, report) => {
  if (content.length > 0) report('MalformedExtension', 'NULL is not empty');
  return true;
};

const ia5String: Describe<DerElement> = ({ content }, report) => {
  const { text, proper } = decodeString(Tag.IA5_STRING, content);
  if (!proper) report('MalformedString', 'an IA5String has octets of more than seven bits');
  return text ?? content.toString('latin1');
};

const crlReasons: Readonly<Record<number, string>> = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
};

/** A reason by name; a number that stands for nothing, as text. */
const crlReason: Describe<DerElement> = (element, report) => {
  const number = count(element);
  const reason = crlReasons[number];
  if (reason === undefined) report('MalformedExtension', `${number} stands for no reason`);
  return reason ?? String(number);
};

const informationAccess: Describe<ExtensionValue<'1.3.6.1.5.5.7.1.1'>> = (accesses, report) =>
  atLeastOne(accesses, 'the list of accesses', report).map(({ method, location }) => ({
    accessMethod: objectNames.short(method) ?? method,
    accessLocation: describeGeneralName(location, report),
  }));

/** RFC 5246 7.4.1.4.1. */
const timestampHashes = ['none', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'];
const timestampSignatures = ['anonymous', 'rsa', 'dsa', 'ecdsa'];

/** 9999-12-31T23:59:59.999Z: later instants have no RFC 3339 form. */
const LAST_MILLISECOND = 253402300799999n;

const timestamps = (list: readonly SignedCertificateTimestamp[]) => list.map(timestampContent);

function timestampContent({ raw, version, v1 }: SignedCertificateTimestamp): object {
  if (v1 === null) return { version: version === null ? null : version + 1, hex: raw.toString('hex') };
  const { milliseconds, hashAlgorithm, signatureAlgorithm } = v1;
  if (v1.rest.length > 0) throw new DerError('a list of timestamps has trailing data', 0);
  return {
    version: 1,
    logId: v1.logId.toString('hex'),
    timestamp: milliseconds <= LAST_MILLISECOND ? new Date(Number(milliseconds)).toISOString() : null,
    extensions: v1.extensions.toString('hex'),
    hashAlgorithm: timestampHashes[hashAlgorithm] ?? String(hashAlgorithm),
    signatureAlgorithm: timestampSignatures[signatureAlgorithm] ?? String(signatureAlgorithm),
    signature: v1.signature.toString('hex'),
  };
}

/** The name of an extension in the document that defines it, and the description of its value. */
type Known<Value> = readonly [name: string, describe: Describe<Value>];

const known: { readonly [Id in ExtensionId]?: Known<ExtensionValue<Id>> } = {
  // RFC 5280 4.2
  '2.5.29.9': [
    'subjectDirectoryAttributes',
    (attributes, report) =>
      atLeastOne(attributes, 'the list of attributes', report).map(({ type, values }) => ({
        type: attributeLabel(type),
        oid: type,
        values: values.map(({ tag, content, raw }) => {
          const { text } = decodeString(tag, content);
          return { value: text, hex: text === null ? raw.toString('hex') : null };
        }),
      })),
  ],
  '2.5.29.14': ['subjectKeyIdentifier', subjectKeyIdentifier],
  '2.5.29.15': ['keyUsage', keyUsage],
  '2.5.29.16': [
    'privateKeyUsagePeriod',
    ({ notBefore, notAfter }, report) => {
      if (!notBefore && !notAfter) report('MalformedExtension', 'the period has neither beginning nor end');
      return { notBefore: notBefore && timeContent(notBefore), notAfter: notAfter && timeContent(notAfter) };
    },
  ],
  '2.5.29.17': ['subjectAltName', subjectAltName],
  '2.5.29.18': ['issuerAltName', alternativeNames],
  '2.5.29.19': ['basicConstraints', basicConstraints],
  '2.5.29.30': ['nameConstraints', nameConstraints],
  '2.5.29.31': [
    'cRLDistributionPoints',
    (points, report, facts) => {
      if (points.some(({ name }) => name !== null && 'relativeName' in name))
        report('NotLoadable', 'a distribution point is named relative to the issuer of its list');
      return distributionPoints(points, report, facts);
    },
  ],
  '2.5.29.32': ['certificatePolicies', certificatePolicies],
  '2.5.29.33': ['policyMappings', (mappings, report) => atLeastOne(mappings, 'the list of mappings', report)],
  '2.5.29.35': ['authorityKeyIdentifier', authorityKeyIdentifier],
  '2.5.29.36': [
    'policyConstraints',
    ({ requireExplicitPolicy, inhibitPolicyMapping }, report) => {
      if (!requireExplicitPolicy && !inhibitPolicyMapping) report('MalformedExtension', 'nothing is constrained');
      return {
        requireExplicitPolicy: requireExplicitPolicy && count(requireExplicitPolicy),
        inhibitPolicyMapping: inhibitPolicyMapping && count(inhibitPolicyMapping),
      };
    },
  ],
  '2.5.29.37': ['extKeyUsage', extKeyUsage],
  '2.5.29.46': ['freshestCRL', distributionPoints],
  '2.5.29.54': ['inhibitAnyPolicy', count],
  '1.3.6.1.5.5.7.1.1': [
    'authorityInfoAccess',
    (accesses, report, facts) => {
      for (const { method } of accesses) observeIdentifier(method, report);
      return informationAccess(accesses, report, facts);
    },
  ],
  '1.3.6.1.5.5.7.1.11': ['subjectInfoAccess', informationAccess],
  // RFC 5280 5.2, 5.3
  '2.5.29.20': ['cRLNumber', numberText],
  '2.5.29.21': ['reasonCode', crlReason],
  '2.5.29.24': ['invalidityDate', timeContent],
  '2.5.29.27': ['deltaCRLIndicator', numberText],
  '2.5.29.28': ['issuingDistributionPoint', issuingDistributionPoint],
  '2.5.29.29': ['certificateIssuer', alternativeNames],
  // RFC 6960, RFC 6962, RFC 7633
  '1.3.6.1.5.5.7.48.1.5': ['ocspNoCheck', flag],
  '1.3.6.1.4.1.11129.2.4.2': ['signedCertificateTimestampList', timestamps],
  '1.3.6.1.4.1.11129.2.4.3': ['precertificatePoison', flag],
  '1.3.6.1.5.5.7.1.24': [
    'tlsFeature',
    // Names of RFC 6066 and RFC 6961, numbers for others.
    (features, report) =>
      atLeastOne(features, 'the list of features', report)
        .map(smallInteger)
        .map((feature) => (feature === 5 ? 'status_request' : feature === 17 ? 'status_request_v2' : feature)),
  ],
  // Netscape
  '2.16.840.1.113730.1.1': ['netscapeCertType', (bits, report) => namesOfBits(bits, netscapeTypes, report)],
  '2.16.840.1.113730.1.2': ['netscapeBaseUrl', ia5String],
  '2.16.840.1.113730.1.3': ['netscapeRevocationUrl', ia5String],
  '2.16.840.1.113730.1.4': ['netscapeCaRevocationUrl', ia5String],
  '2.16.840.1.113730.1.7': ['netscapeRenewalUrl', ia5String],
  '2.16.840.1.113730.1.8': ['netscapeCaPolicyUrl', ia5String],
  '2.16.840.1.113730.1.12': ['netscapeSslServerName', ia5String],
  '2.16.840.1.113730.1.13': ['netscapeComment', ia5String],
};

export interface KnownExtension {
  readonly name: string;
  /** Must be given the value of this extension. */
  readonly describe: Describe<unknown>;
}

/** The extensions that are described, by dotted identifier. */
export const knownExtensions: ReadonlyMap<string, KnownExtension> = new Map(
  Object.entries(known).map(([oid, [name, describe]]) => [oid, { name, describe: describe as Describe<unknown> }]),
);
