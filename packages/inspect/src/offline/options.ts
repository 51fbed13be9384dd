import { parseArgs } from 'node:util';
import type { Severity } from '../model/inspection.js';

/** `lines`: one line for each finding. `report`: the whole report as text. */
export type OutputFormat = 'lines' | 'report' | 'json' | 'sarif';

export interface Options {
  /** Findings of this severity and worse end in exit code 1, and are shown as lines. */
  readonly severity: Severity;
  readonly format: OutputFormat;
  readonly passwordFile: string | null;
  /** Files and folders; `-` is the standard input. */
  readonly paths: readonly string[];
}

export const usage = `usage: kubepass-inspect [--severity error|warning|info] [--format lines|report|json|sarif]
                        [--password-file FILE] FILE|FOLDER|- …

Says what is wrong with certificates, requests, keys, kubeconfigs, manifests and archives of them. Reads folders whole.
Asks no service and no cluster.
Exit code: 0 without findings of that severity or worse (default: error), 1 with some, 2 if something cannot be read.
`;

/** The options of a command line; the problem in words where they cannot be understood. */
export function readOptions(args: readonly string[]): Options | { readonly problem: string } {
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

const severities: readonly Severity[] = ['error', 'warning', 'info'];
const formats: readonly OutputFormat[] = ['lines', 'report', 'json', 'sarif'];

const isOneOf = <T extends string>(value: string, all: readonly T[]): value is T =>
  (all as readonly string[]).includes(value);
