import type { Finding, InspectedObject, Inspection, Severity } from '../../model/inspection.js';
import { counted } from '../../formats/text/duration-in-words.js';
import { whatItIs, whoItIs } from './object-words.js';
import { validityOf, type Validity } from './validity.js';

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
export const severities = ['error', 'warning', 'info'] as const satisfies readonly Severity[];

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

export interface FindingsOfSeverity {
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
