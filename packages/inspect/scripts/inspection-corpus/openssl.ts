import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Runs openssl on its own files. Returns its standard output, or the file `out` if the arguments name one. `files` are
 * written first, into the folder where openssl runs.
 */
export function openssl(args: readonly string[], files: Readonly<Record<string, Uint8Array | string>> = {}): Buffer {
  return run('openssl', args, files);
}

export function run(
  command: string,
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array | string>> = {},
): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'inspection-corpus-'));
  try {
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes, { mode: 0o600 });
    const stdout = execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    return args.includes('out') ? readFileSync(join(folder, 'out')) : stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
