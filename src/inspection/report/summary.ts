import { counted, durationInWords } from '../../formats/text/duration-in-words.js';
import type { Finding, InspectedObject, Inspection, Severity } from '../../model/inspection.js';
import { whatItIs, whoItIs } from './object-words.js';

/** What is found worst about an object. */
export type Verdict = Severity | 'ok';

/** The line that an object has in the table at the top. */
export interface SummaryRow {
  readonly object: InspectedObject;
  readonly what: string;
  readonly who: string | null;
  readonly validity: Validity | null;
  readonly verdict: Verdict;
}

/** Worst first. */
const severities = ['error', 'warning', 'info'] as const satisfies readonly Severity[];

export function summaryRows(inspection: Inspection, now: Date): SummaryRow[] {
  const found = new Map<string, Set<Severity>>();
  for (const { object, severity } of inspection.findings)
    found.set(object, (found.get(object) ?? new Set()).add(severity));
  return inspection.objects.map((object) => ({
    object,
    what: whatItIs(object),
    who: whoItIs(object),
    validity: validityOf(object, now),
    verdict: severities.find((severity) => found.get(object.path)?.has(severity)) ?? 'ok',
  }));
}

/** What is found alike of several objects, which is said once. */
export interface CommonFinding extends Omit<Finding, 'object'> {
  readonly objects: readonly string[];
}

interface FindingsOfSeverity {
  readonly severity: Severity;
  /** How many there are, each object counted. */
  readonly count: number;
  /** In the order of the answer. */
  readonly findings: readonly CommonFinding[];
}

/** Severities without any findings are left out. */
export function findingsBySeverity(findings: readonly Finding[]): FindingsOfSeverity[] {
  return severities
    .map((severity) => findings.filter((finding) => finding.severity === severity))
    .flatMap((found) => {
      const severity = found[0]?.severity;
      return severity === undefined ? [] : [{ severity, count: found.length, findings: common(found) }];
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

/** How far a certificate, or a list until its next, has come in its time. */
export interface Validity {
  readonly state: 'notYet' | 'valid' | 'expired';
  readonly until: string;
  /** `364 days`, `expired 3 days ago`, `begins in 2 hours`. */
  readonly remaining: string;
  /** 0 … 1 of the whole; null where that cannot be said. */
  readonly remainingShare: number | null;
}

/** RFC 5280 4.1.2.5: this end means that there is none. */
const noEnd = '9999-12-31T23:59:59Z';

/** Null for what has no validity. */
function validityOf(object: InspectedObject, now: Date): Validity | null {
  if (object.type === 'Certificate') return validityBetween(object.notBefore, object.notAfter, now);
  if (object.type === 'CertificateList' && object.nextUpdate !== null)
    return validityBetween(object.thisUpdate, object.nextUpdate, now);
  return null;
}

function validityBetween(notBefore: string, notAfter: string, now: Date): Validity {
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
