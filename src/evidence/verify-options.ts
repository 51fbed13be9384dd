import { parseArgs } from 'node:util';

export const usage = `usage: kubepass-verify FILE… [--checkpoint FILE]… [--key KEY]… [--json]

Checks exports of the audit log, NDJSON files in the order of their events: archives first, then the export that goes on
behind them. "-" is standard input.

  --checkpoint FILE  a checkpoint that was kept outside: the events must be those that it vouches for
  --key KEY          a key whose signature on a checkpoint counts, as GET /v1/audit-events/checkpoint-keys
                     shows it, or a file with one key on each line
  --json             the result as JSON

Exit code 0: the log is whole. 1: it was changed, cut or reordered, or a file holds no event. 2: it could not be checked.
`;

export interface VerifyOptions {
  readonly files: readonly string[];
  readonly checkpointFiles: readonly string[];
  /** Verifier keys, or files that hold them. */
  readonly keys: readonly string[];
  readonly json: boolean;
}

/** Reads the arguments; the problem is a sentence. */
export function readVerifyOptions(args: readonly string[]): VerifyOptions | { readonly problem: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        checkpoint: { type: 'string', multiple: true },
        key: { type: 'string', multiple: true },
        json: { type: 'boolean' },
      },
    });
    if (positionals.length === 0) return { problem: 'no file is named' };
    const { checkpoint = [], key = [], json = false } = values;
    if (checkpoint.length > 0 && key.length === 0)
      return { problem: 'a checkpoint proves nothing without --key: anybody could have signed it' };
    return { files: positionals, checkpointFiles: checkpoint, keys: key, json };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
