import { visible } from '../formats/text/visible.js';
import { filesOf, type Inspected, renderInspection } from '../inspect.js';
import { reportSarif } from '../report/report-sarif.js';
import { inOneSentence } from '../report/summary.js';
import type { Finding, Inspection, Severity } from '../model/inspection.js';
import type { OutputFormat } from './options.js';

const ranks: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 };

/** Whether a finding is of this severity or worse. */
export const isAtLeast = (least: Severity, { severity }: Pick<Finding, 'severity'>): boolean =>
  ranks[severity] <= ranks[least];

/** The inspections as a text. Lines are shown from a severity on; the other formats hold everything. */
export function renderInspections(
  inspected: readonly Inspected[],
  format: OutputFormat,
  severity: Severity,
  now: Date,
): string {
  switch (format) {
    case 'lines':
      return linesOf(together(inspected), severity);
    case 'report':
      return inspected.map((each) => renderInspection(each, now, 'text/plain')).join('\n');
    case 'json':
      return `${JSON.stringify(together(inspected))}\n`;
    case 'sarif':
      return `${reportSarif(together(inspected), filesOf(inspected.flatMap(({ objects }) => objects)))}\n`;
  }
}

/** One answer for all. Their paths differ, because they begin with the names of files. */
function together(inspected: readonly Inspected[]): Inspection {
  const all = inspected.map(({ inspection }) => inspection);
  return {
    objects: all.flatMap(({ objects }) => objects),
    relations: all.flatMap(({ relations }) => relations),
    findings: all.flatMap(({ findings }) => findings).sort((a, b) => ranks[a.severity] - ranks[b.severity]),
  };
}

function linesOf(inspection: Inspection, severity: Severity): string {
  const lines = inspection.findings
    .filter((finding) => isAtLeast(severity, finding))
    .map((finding) => `${finding.object}: ${finding.severity}: ${finding.message} ${finding.advice} [${finding.code}]`);
  return [...lines, inOneSentence(inspection)].map((line) => `${visible(line)}\n`).join('');
}
