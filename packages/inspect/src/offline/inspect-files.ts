import { readFileSync } from 'node:fs';
import { answered, type ProgramRun, UsageError } from '../command-line/index.js';
import { visible } from '../formats/text/visible.js';
import { filesOf, type Inspected, inspectUpload, overviewOf, printedReportOf } from '../inspect.js';
import { inspectionDefaults } from '../defaults/index.js';
import type { InspectionContext } from '../model/decoded.js';
import type { Finding, Inspection, Severity, UploadPart } from '../model/inspection.js';
import { rankOf, severities } from '../model/catalogue.js';
import { uploadLimits, UploadRefusedError } from '../model/budget.js';
import { reportSarif } from '../report/report-sarif.js';
import { countedFindings, findingsBySeverity, inOneSentence } from '../report/summary.js';
import { readFiles } from './read-files.js';

/** The circumstances of a run. `isTerminal`: whether a person reads the output as it comes. */
interface Circumstances {
  readonly now: Date;
  readonly isTerminal: boolean;
}

/**
 * Inspects files and folders as the service inspects an upload, but knows no clusters and no inventory. `name`: how the
 * program is called.
 */
export const inspectFiles = (
  args: readonly string[],
  circumstances: Circumstances,
  name = 'kubepass-inspect',
): Promise<ProgramRun> =>
  answered({ name, usage: usageOf(name), options, takesArguments: true }, args, ({ values, positionals }) =>
    inspectPaths(chosenOptions(values, positionals, circumstances), circumstances.now),
  );

async function inspectPaths(
  { severity, format, passwordFile, paths }: InspectionOptions,
  now: Date,
): Promise<ProgramRun> {
  const password = readPassword(passwordFile);
  if (typeof password === 'object' && password !== null)
    return { output: '', complaints: `${password.problem}\n`, exitCode: 2 };

  const { parts, problems, notes } = readFiles(paths);
  const context = { now, clusters: [], thresholds: inspectionDefaults, inventory: async () => new Map() };
  const { inspected, problems: refusals } = await inspectBatches(parts, password, context);
  const findings = inspected.flatMap(({ inspection }) => inspection.findings);
  const failed = problems.length + refusals.length > 0;
  return {
    output: renderInspections(inspected, format, severity, now),
    complaints: [...problems, ...refusals, ...notes].map((line) => `${line}\n`).join(''),
    exitCode: failed ? 2 : findings.some((finding) => isAtLeast(severity, finding)) ? 1 : 0,
  };
}

/** The first line of the file; null without a file. */
function readPassword(file: string | null): string | null | { readonly problem: string } {
  if (file === null) return null;
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0] ?? '';
  } catch {
    return { problem: `the password file ${file} cannot be read` };
  }
}

const formats = ['overview', 'report', 'lines', 'json', 'sarif'] as const;
/** `lines`: one line for each finding. `overview`: the report as text. `report`: with all that OpenSSL prints. */
type OutputFormat = (typeof formats)[number];

interface InspectionOptions {
  /** Findings of this severity and worse end in exit code 1, and are shown as lines. */
  readonly severity: Severity;
  readonly format: OutputFormat;
  readonly passwordFile: string | null;
  /** Files and folders; `-` is the standard input. */
  readonly paths: readonly string[];
}

const options = {
  severity: { type: 'string', default: 'error' },
  format: { type: 'string' },
  'password-file': { type: 'string' },
} as const;

const usageOf = (
  name: string,
): string => `usage: ${name} [--severity error|warning|info] [--format overview|report|lines|json|sarif]
       ${' '.repeat(name.length)} [--password-file FILE] FILE|FOLDER|- …

Says what is in certificates, requests, keys, kubeconfigs, manifests and archives of them, and what is wrong with them.
Reads folders whole. Asks no service and no cluster.

  --severity S           error (default), warning, info: findings of this severity and worse count
  --format F             overview (default at a terminal): what is in the files, and all findings
                         report: the same, with certificates as OpenSSL prints them
                         lines (default elsewhere): a line for each finding that counts
                         json, sarif: for programs
  --password-file FILE   its first line opens what is encrypted
  --version              prints the version

Exit code: 0 if no finding counts, 1 if some do, 2 if something cannot be read or understood.
`;

/** Throws `UsageError`. */
function chosenOptions(
  { severity, format, 'password-file': passwordFile }: Readonly<Partial<Record<keyof typeof options, string>>>,
  paths: readonly string[],
  { isTerminal }: Circumstances,
): InspectionOptions {
  const [least, form] = [severity ?? 'error', format ?? (isTerminal ? 'overview' : 'lines')];
  if (!isOneOf(least, severities)) throw new UsageError(`there is no severity ${JSON.stringify(least)}`);
  if (!isOneOf(form, formats)) throw new UsageError(`there is no format ${JSON.stringify(form)}`);
  if (paths.length === 0) throw new UsageError('name at least one file or folder');
  return { severity: least, format: form, passwordFile: passwordFile ?? null, paths };
}

const isOneOf = <T extends string>(value: string, all: readonly T[]): value is T =>
  (all as readonly string[]).includes(value);

/**
 * Inspects files together as far as the limits of an upload allow, so that keys, certificates and CAs of different
 * files find each other. More files than that are divided into halves. `problems`: sentences about files that the
 * limits forbid to inspect.
 */
async function inspectBatches(
  parts: readonly UploadPart[],
  password: string | null,
  context: InspectionContext,
): Promise<{ readonly inspected: readonly Inspected[]; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  const inspected: Inspected[] = [];
  const inspect = async (batch: readonly UploadPart[]): Promise<void> => {
    const [first, ...others] = batch;
    if (first === undefined) return;
    const refused = others.length > 0 && isTooMuch(batch) ? 'halved' : await tryToInspect(batch);
    if (refused === null) return;
    if (others.length === 0) {
      problems.push(`${first.name ?? 'the input'} is not inspected: ${refused}`);
      return;
    }
    const middle = Math.ceil(batch.length / 2);
    await inspect(batch.slice(0, middle));
    await inspect(batch.slice(middle));
  };
  const tryToInspect = async (batch: readonly UploadPart[]): Promise<string | null> => {
    try {
      inspected.push(await inspectUpload({ parts: batch, password }, context));
      return null;
    } catch (error) {
      if (error instanceof UploadRefusedError) return `${error.message} (${error.reason})`;
      throw error;
    }
  };
  await inspect(parts);
  return { inspected, problems };
}

const isTooMuch = (batch: readonly UploadPart[]): boolean =>
  batch.length > uploadLimits.objects ||
  batch.reduce((sum, { bytes }) => sum + bytes.length, 0) > uploadLimits.uploadOctets;

/** Whether a finding is of this severity or worse. */
const isAtLeast = (least: Severity, { severity }: Pick<Finding, 'severity'>): boolean =>
  rankOf(severity) <= rankOf(least);

/** The inspections as a text. Lines are shown from a severity on; the other formats hold everything. */
function renderInspections(
  inspected: readonly Inspected[],
  format: OutputFormat,
  severity: Severity,
  now: Date,
): string {
  switch (format) {
    case 'lines':
      return linesOf(together(inspected), severity);
    case 'overview':
      return inspected.map((each) => overviewOf(each, now)).join('\n');
    case 'report':
      return inspected.map((each) => printedReportOf(each, now)).join('\n');
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
    findings: all.flatMap(({ findings }) => findings).sort((a, b) => rankOf(a.severity) - rankOf(b.severity)),
  };
}

function linesOf(inspection: Inspection, severity: Severity): string {
  const lines = inspection.findings
    .filter((finding) => isAtLeast(severity, finding))
    .map((finding) => `${finding.object}: ${finding.severity}: ${finding.message} ${finding.advice} [${finding.code}]`);
  return [...lines, inOneSentence(inspection), ...hiddenFindings(inspection, severity)]
    .map((line) => `${visible(line)}\n`)
    .join('');
}

/** `2 warnings: --severity warning shows them`, for each severity that is not shown. */
const hiddenFindings = ({ findings }: Inspection, shown: Severity): readonly string[] =>
  findingsBySeverity(findings)
    .filter((group) => !isAtLeast(shown, group))
    .map(
      ({ severity, count }) =>
        `${countedFindings(count, severity)}: --severity ${severity} shows ${count === 1 ? 'it' : 'them'}`,
    );
