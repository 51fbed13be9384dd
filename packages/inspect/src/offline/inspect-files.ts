import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { visible } from '../formats/text/visible.js';
import { filesOf, type Inspected, inspectUpload, renderInspection } from '../inspect.js';
import { inspectionDefaults } from '../defaults/index.js';
import type { InspectionContext } from '../model/decoded.js';
import type { Finding, Inspection, Severity, UploadPart } from '../model/inspection.js';
import { rankOf, severities } from '../model/catalogue.js';
import { uploadLimits, UploadRefusedError } from '../model/budget.js';
import { reportSarif } from '../report/report-sarif.js';
import { inOneSentence } from '../report/summary.js';
import { readFiles } from './read-files.js';

/** The end of a run of `kubepass-inspect`. */
interface InspectionRun {
  readonly output: string;
  readonly complaints: string;
  readonly exitCode: 0 | 1 | 2;
}

/** Inspects files and folders as the service inspects an upload, but knows no clusters and no inventory. */
export async function inspectFiles(args: readonly string[], now: Date): Promise<InspectionRun> {
  const options = readOptions(args);
  if ('problem' in options) return { output: '', complaints: `${options.problem}\n${usage}`, exitCode: 2 };
  const password = readPassword(options.passwordFile);
  if (typeof password === 'object' && password !== null)
    return { output: '', complaints: `${password.problem}\n`, exitCode: 2 };

  const { parts, problems, notes } = readFiles(options.paths);
  const context = { now, clusters: [], thresholds: inspectionDefaults, inventory: async () => new Map() };
  const { inspected, problems: refusals } = await inspectBatches(parts, password, context);
  const findings = inspected.flatMap(({ inspection }) => inspection.findings);
  const failed = problems.length + refusals.length > 0;
  return {
    output: renderInspections(inspected, options.format, options.severity, now),
    complaints: [...problems, ...refusals, ...notes].map((line) => `${line}\n`).join(''),
    exitCode: failed ? 2 : findings.some((finding) => isAtLeast(options.severity, finding)) ? 1 : 0,
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

/** `lines`: one line for each finding. `report`: the whole report as text. */
type OutputFormat = 'lines' | 'report' | 'json' | 'sarif';

interface Options {
  /** Findings of this severity and worse end in exit code 1, and are shown as lines. */
  readonly severity: Severity;
  readonly format: OutputFormat;
  readonly passwordFile: string | null;
  /** Files and folders; `-` is the standard input. */
  readonly paths: readonly string[];
}

const usage = `usage: kubepass-inspect [--severity error|warning|info] [--format lines|report|json|sarif]
                        [--password-file FILE] FILE|FOLDER|- …

Says what is wrong with certificates, requests, keys, kubeconfigs, manifests and archives of them. Reads folders whole.
Asks no service and no cluster.
Exit code: 0 without findings of that severity or worse (default: error), 1 with some, 2 if something cannot be read.
`;

/** The options of a command line; the problem in words where they cannot be understood. */
function readOptions(args: readonly string[]): Options | { readonly problem: string } {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        severity: { type: 'string', default: 'error' },
        format: { type: 'string', default: 'lines' },
        'password-file': { type: 'string' },
      },
    });
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const { severity, format, 'password-file': passwordFile } = parsed.values;
  if (!isOneOf(severity, severities)) return { problem: `there is no severity ${JSON.stringify(severity)}` };
  if (!isOneOf(format, formats)) return { problem: `there is no format ${JSON.stringify(format)}` };
  if (parsed.positionals.length === 0) return { problem: 'name at least one file or folder' };
  return { severity, format, passwordFile: passwordFile ?? null, paths: parsed.positionals };
}

const formats: readonly OutputFormat[] = ['lines', 'report', 'json', 'sarif'];

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
    findings: all.flatMap(({ findings }) => findings).sort((a, b) => rankOf(a.severity) - rankOf(b.severity)),
  };
}

function linesOf(inspection: Inspection, severity: Severity): string {
  const lines = inspection.findings
    .filter((finding) => isAtLeast(severity, finding))
    .map((finding) => `${finding.object}: ${finding.severity}: ${finding.message} ${finding.advice} [${finding.code}]`);
  return [...lines, inOneSentence(inspection)].map((line) => `${visible(line)}\n`).join('');
}
