import { counted, durationInWords } from '../formats/text/duration-in-words.js';
import type { Finding, InspectedObject, Inspection, Severity } from '../model/inspection.js';
import { type FindingCode, rankOf, severities } from '../model/catalogue.js';
import { NAMELESS } from '../reading/paths.js';
import { whatItIs, whoItIs } from './object-words.js';

/** The worst finding about an object, or about something in it. */
export type Verdict = Severity | 'ok';

/** The row of an object in the table at the top. */
export interface SummaryRow {
  readonly object: InspectedObject;
  readonly what: string;
  readonly who: string | null;
  /** Whether it is soon due for renewal. */
  readonly endsSoon: boolean;
  readonly validity: RemainingValidity | null;
  readonly verdict: Verdict;
}

const saysSoon: ReadonlySet<string> = new Set<FindingCode>(['CertificateExpiresSoon', 'CertificateEndsWithinDay']);

export function summaryRows(inspection: Inspection, now: Date): SummaryRow[] {
  const worst = new Map<string, Severity>();
  for (const { object, severity } of inspection.findings)
    for (const at of [object, ...pathsAround(object)]) {
      const known = worst.get(at);
      if (known === undefined || rankOf(severity) < rankOf(known)) worst.set(at, severity);
    }
  const soon = new Set(inspection.findings.flatMap(({ code, object }) => (saysSoon.has(code) ? [object] : [])));
  return inspection.objects.map((object) => ({
    object,
    what: whatItIs(object),
    who: whoItIs(object),
    endsSoon: soon.has(object.path),
    validity: validityOf(object, now),
    verdict: worst.get(object.path) ?? 'ok',
  }));
}

/** The paths of all that an object of this path is in, such as its kubeconfig. Nothing may be at some of them. */
const pathsAround = (path: string): readonly string[] => [
  ...[...path.matchAll(/[#/]/g)].map(({ index }) => path.slice(0, index)),
  NAMELESS,
];

/** A finding that several objects share, reported once. */
export interface CommonFinding extends Omit<Finding, 'object'> {
  readonly objects: readonly string[];
}

interface FindingsOfSeverity {
  readonly severity: Severity;
  /** Each object of a finding counts. */
  readonly count: number;
  readonly findings: readonly CommonFinding[];
}

/** Severities without any findings are left out. */
export function findingsBySeverity(findings: readonly Finding[]): FindingsOfSeverity[] {
  return severities.flatMap((severity) => {
    const found = findings.filter((finding) => finding.severity === severity);
    return found.length === 0 ? [] : [{ severity, count: found.length, findings: common(found) }];
  });
}

function common(findings: readonly Finding[]): CommonFinding[] {
  const groups = new Map<string, Omit<CommonFinding, 'objects'> & { readonly objects: string[] }>();
  for (const { object, ...finding } of findings) {
    const key = JSON.stringify([finding.code, finding.message, finding.advice, finding.reference]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...finding, objects: [object] });
    else group.objects.push(object);
  }
  return [...groups.values()];
}

/** `2 errors`, `1 info`. */
export const countedFindings = (count: number, severity: Severity): string =>
  severity === 'info' ? `${count} info` : counted(count, severity);

/** `3 objects: 1 error, 2 warnings`. */
export function inOneSentence({ objects, findings }: Inspection): string {
  const counts = findingsBySeverity(findings).map((group) => countedFindings(group.count, group.severity));
  return `${counted(objects.length, 'object')}: ${counts.length === 0 ? 'no findings' : counts.join(', ')}`;
}

/** The validity of a certificate, or of a list until its next update. */
export interface RemainingValidity {
  readonly state: 'notYet' | 'valid' | 'expired';
  readonly until: string;
  /** `364 days`, `expired 3 days ago`, `begins in 2 hours`. */
  readonly remaining: string;
  /** The rest of the whole, 0 … 1; null where it is not known. */
  readonly remainingShare: number | null;
}

/** RFC 5280 4.1.2.5: this date means no end. */
const noEnd = '9999-12-31T23:59:59Z';

/** Null for objects without validity. */
function validityOf(object: InspectedObject, now: Date): RemainingValidity | null {
  if (object.type === 'Certificate') return validityBetween(object.notBefore, object.notAfter, now);
  if (object.type === 'CertificateList' && object.nextUpdate !== null)
    return validityBetween(object.thisUpdate, object.nextUpdate, now);
  return null;
}

function validityBetween(notBefore: string, notAfter: string, now: Date): RemainingValidity {
  const begin = Date.parse(notBefore);
  const end = Date.parse(notAfter);
  const left = (end - now.getTime()) / 1000;
  const share = Math.min(1, Math.max(0, (left * 1000) / (end - begin)));
  const remainingShare = end > begin ? share : null;
  const common = { until: notAfter, remainingShare };
  if (Number.isNaN(left)) return { ...common, state: 'valid', remaining: 'not known' };
  if (left < 0) return { ...common, state: 'expired', remaining: `expired ${durationInWords(left)} ago` };
  if (begin > now.getTime())
    return { ...common, state: 'notYet', remaining: `begins in ${durationInWords((begin - now.getTime()) / 1000)}` };
  return { ...common, state: 'valid', remaining: notAfter === noEnd ? 'no end' : durationInWords(left) };
}
