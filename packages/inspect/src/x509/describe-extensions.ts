import { DerError } from '@kubepass/x509';
import { objectNames } from '@kubepass/x509/openssl-text';
import type { ExtensionTree } from '@kubepass/x509/tree';
import type { ExtensionContent } from '../model/inspection.js';
import type { ExtensionFacts, Report } from '../model/decoded.js';
import { observeIdentifier } from './go-rules.js';
import { type FoundFacts, type KnownExtension, knownExtensions } from './describe-extension-values.js';

/** The content and the facts of a list of extensions. */
export interface DescribedExtensions {
  readonly contents: readonly ExtensionContent[];
  /** The first counts of extensions that occur twice. */
  readonly facts: ExtensionFacts;
}

export const NO_EXTENSIONS: DescribedExtensions = {
  contents: [],
  facts: {
    subjectKeyIdentifier: null,
    authorityKeyIdentifier: null,
    basicConstraints: null,
    keyUsage: null,
    extKeyUsage: null,
    subjectAltNames: null,
  },
};

/** More than these are counted and not shown. */
const MAX_EXTENSIONS = 500;

/**
 * Describes extensions. A malformed one is shown octet by octet and reported; the others are not affected. The profile
 * is that of the objects that carry them.
 */
export function describeExtensions(
  extensions: readonly ExtensionTree[],
  profile: ExtensionProfile,
  report: Report,
): DescribedExtensions {
  if (extensions.length === 0) report('MalformedExtension', 'the list of extensions is empty');
  const contents: ExtensionContent[] = [];
  const counts = new Map<string, number>();
  let facts = NO_EXTENSIONS.facts;
  for (const extension of extensions) {
    const { oid, critical, isFalseWritten, hasTrailingData } = extension;
    observeIdentifier(oid, report);
    const known = knownExtensions.get(oid);
    const name = known?.name ?? objectNames.short(oid) ?? oid;
    // X.690 11.5: a value equal to its DEFAULT is left out.
    if (isFalseWritten) report('EncodingUnusual', `critical FALSE of the extension ${name} is written out`);
    if (hasTrailingData) report('TrailingData', `something follows the value of the extension ${name}`);
    const occurrence = (counts.get(oid) ?? 0) + 1;
    counts.set(oid, occurrence);
    if (contents.length >= MAX_EXTENSIONS) continue;
    const found: FoundFacts = {};
    const value = known ? describeValue(known, extension, report, found) : null;
    const hex = value === null ? extension.value.toString('hex') : null;
    contents.push({ oid, name, critical, value, hex });
    if (occurrence === 2) report('DuplicateExtension', `the extension ${name} occurs more than once`);
    else if (occurrence === 1 && value !== null) facts = { ...facts, ...found };
    observeCriticality(extension, name, profile, report);
    if (critical && !profile.actedUpon.has(oid))
      report('UnknownCriticalExtension', `the extension ${name} is critical, and no reader has to know it`);
  }
  const notShown = extensions.length - contents.length;
  if (notShown > 0) report('MalformedExtension', `${notShown} more extensions than ${MAX_EXTENSIONS} are not shown`);
  return { contents, facts };
}

function describeValue(
  { name, describe }: KnownExtension,
  { contents }: ExtensionTree,
  report: Report,
  facts: FoundFacts,
): unknown {
  if (contents === null) return null;
  const reportHere: Report = (code, message) => {
    report(code, `${name}: ${message}`);
  };
  for (const { code, message } of contents.observations) reportHere(code, message);
  try {
    if (contents.value !== null) return describe(contents.value, reportHere, facts);
    reportHere('MalformedExtension', contents.problem ?? '');
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    reportHere('MalformedExtension', error.message);
  }
  return null;
}

/** The critical flag of an extension, by RFC 5280. */
type Criticality = 'must' | 'should' | 'shouldNot' | 'mustNot';

/** The expectations of a kind of object of its extensions. Identifiers are dotted. */
interface ExtensionProfile {
  /** Readers of these objects act upon them, so they may be critical. */
  readonly actedUpon: ReadonlySet<string>;
  readonly criticality: ReadonlyMap<string, Criticality>;
}

/** Extensions of RFC 5280, whose identifiers begin alike. */
const idCe = (...arcs: readonly number[]): readonly string[] => arcs.map((arc) => `2.5.29.${arc}`);
const AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';

/** The extensions of certificates that Go, and so Kubernetes, acts upon (crypto/x509 parser.go). */
const actedUponInCertificates: ReadonlySet<string> = new Set([
  ...idCe(14, 15, 17, 19, 30, 31, 32, 33, 35, 36, 37, 54),
  AUTHORITY_INFO_ACCESS,
]);

/**
 * RFC 5280 4.2. Basic constraints, and alternative names of an empty subject, depend on the rest of the certificate and
 * are looked at with it.
 */
export const certificateProfile: ExtensionProfile = {
  actedUpon: actedUponInCertificates,
  criticality: new Map<string, Criticality>([
    ['2.5.29.35', 'mustNot'], // 4.2.1.1 authorityKeyIdentifier
    ['2.5.29.14', 'mustNot'], // 4.2.1.2 subjectKeyIdentifier
    ['2.5.29.15', 'should'], // 4.2.1.3 keyUsage
    ['2.5.29.33', 'should'], // 4.2.1.5 policyMappings
    ['2.5.29.18', 'shouldNot'], // 4.2.1.7 issuerAltName
    ['2.5.29.9', 'mustNot'], // 4.2.1.8 subjectDirectoryAttributes
    ['2.5.29.30', 'must'], // 4.2.1.10 nameConstraints
    ['2.5.29.36', 'must'], // 4.2.1.11 policyConstraints
    ['2.5.29.31', 'shouldNot'], // 4.2.1.13 cRLDistributionPoints
    ['2.5.29.54', 'must'], // 4.2.1.14 inhibitAnyPolicy
    ['2.5.29.46', 'mustNot'], // 4.2.1.15 freshestCRL
    [AUTHORITY_INFO_ACCESS, 'mustNot'], // 4.2.2.1 authorityInfoAccess
    ['1.3.6.1.5.5.7.1.11', 'mustNot'], // 4.2.2.2 subjectInfoAccess
  ]),
};

/** A CA decides on the extensions that a request asks for, and on their flags. */
export const requestProfile: ExtensionProfile = { actedUpon: actedUponInCertificates, criticality: new Map() };

/** RFC 5280 5.2. */
export const listProfile: ExtensionProfile = {
  actedUpon: new Set([...idCe(18, 20, 27, 28, 35, 46), AUTHORITY_INFO_ACCESS]),
  criticality: new Map<string, Criticality>([
    ['2.5.29.35', 'mustNot'], // 5.2.1, 4.2.1.1 authorityKeyIdentifier
    ['2.5.29.18', 'shouldNot'], // 5.2.2 issuerAltName
    ['2.5.29.20', 'mustNot'], // 5.2.3 cRLNumber
    ['2.5.29.27', 'must'], // 5.2.4 deltaCRLIndicator
    ['2.5.29.28', 'must'], // 5.2.5 issuingDistributionPoint
    ['2.5.29.46', 'mustNot'], // 5.2.6 freshestCRL
    [AUTHORITY_INFO_ACCESS, 'mustNot'], // 5.2.7 authorityInfoAccess
  ]),
};

/** RFC 5280 5.3: the extensions of the entries of a list. */
export const entryProfile: ExtensionProfile = {
  actedUpon: new Set(idCe(21, 24, 29)),
  criticality: new Map<string, Criticality>([
    ['2.5.29.21', 'mustNot'], // 5.3.1 reasonCode
    ['2.5.29.24', 'mustNot'], // 5.3.2 invalidityDate
    ['2.5.29.29', 'must'], // 5.3.3 certificateIssuer
  ]),
};

/** Reports an extension that is critical and should not be, or the reverse. */
function observeCriticality(
  { oid, critical }: { readonly oid: string; readonly critical: boolean },
  name: string,
  { criticality }: ExtensionProfile,
  report: Report,
): void {
  const rule = criticality.get(oid);
  const is = `the extension ${name} is ${critical ? 'critical' : 'not critical'}`;
  if (rule === 'mustNot' && critical) report('ExtensionWronglyCritical', `${is}, and must not be`);
  else if (rule === 'must' && !critical) report('ExtensionNotCritical', `${is}, and must be`);
  else if (rule === 'shouldNot' && critical) report('CriticalityUnusual', `${is}, and should not be`);
  else if (rule === 'should' && !critical) report('CriticalityUnusual', `${is}, and should be`);
}
