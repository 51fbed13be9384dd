import type { ExtensionContent } from '../model/inspection.js';
import { objectNames } from '@kubepass/x509/openssl-text';
import { DerError } from '@kubepass/x509';
import type { ExtensionTree } from '@kubepass/x509/tree';
import type { Report } from '../model/observations.js';
import { type ExtensionProfile, observeCriticality } from './extension-profiles.js';
import { type DescribedValue, type ExtensionFacts, type KnownExtension, knownExtensions } from './extension-values.js';

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
    const known = knownExtensions.get(oid);
    const name = known?.name ?? objectNames.short(oid) ?? oid;
    // X.690 11.5: a value equal to its DEFAULT is left out.
    if (isFalseWritten) report('NonDerEncoding', `critical FALSE of the extension ${name} is written out`);
    if (hasTrailingData) report('TrailingData', `something follows the value of the extension ${name}`);
    const occurrence = (counts.get(oid) ?? 0) + 1;
    counts.set(oid, occurrence);
    if (contents.length >= MAX_EXTENSIONS) continue;
    const described = known ? describeValue(known, extension, report) : null;
    const hex = described === null ? extension.value.toString('hex') : null;
    contents.push({ oid, name, critical, value: described?.value ?? null, hex });
    if (occurrence === 2) report('DuplicateExtension', `the extension ${name} occurs more than once`);
    else if (occurrence === 1 && described?.facts) facts = { ...facts, ...described.facts };
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
): DescribedValue | null {
  if (contents === null) return null;
  const reportHere: Report = (code, message) => {
    report(code, `${name}: ${message}`);
  };
  for (const { code, message } of contents.observations) reportHere(code, message);
  try {
    if (contents.value !== null) return describe(contents.value, reportHere);
    reportHere('MalformedExtension', contents.problem ?? '');
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    reportHere('MalformedExtension', error.message);
  }
  return null;
}
