import { readFileSync } from 'node:fs';
import { inspectionDefaults } from '../inspection-defaults.js';
import { inspectBatches } from './inspect-batches.js';
import { readOptions, usage } from './options.js';
import { readFiles } from './read-files.js';
import { isAtLeast, renderInspections } from './render-inspections.js';

/** The end of a run of `kubepass-inspect`. */
export interface InspectionRun {
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
