// Tests packages/inspect/src/command-line/run-program.ts, packages/inspect/src/command-line/read-command-line.ts,
// packages/inspect/src/command-line/finish.ts, src/programs/
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fromSources } from '../../helpers/from-sources.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Without a configuration: none of these calls may need one. */
function run(file: string, ...args: readonly string[]) {
  return new Promise<{ readonly code: number | null; readonly output: string; readonly complaints: string }>(
    (resolve, reject) => {
      const child = spawn(process.execPath, [...fromSources, file, ...args], {
        cwd: root,
        env: { PATH: process.env['PATH'], KUBEPASS_CONFIG_FILE: '/nowhere/kubepass.yaml' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [output, complaints] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, output, complaints }));
    },
  );
}

describe.each([
  ['src/programs/policy-check.ts', 'policy-check'],
  ['src/programs/revocation-file.ts', 'revocation-file'],
  ['src/programs/client-ca-file.ts', 'client-ca-file'],
  ['src/programs/admin-token.ts', 'admin-token'],
  ['src/programs/backup.ts', 'backup'],
  ['src/programs/restore.ts', 'restore'],
  ['src/programs/upgrade-drill.ts', 'upgrade-drill'],
  ['src/programs/migrate.ts', 'migrate'],
  ['src/programs/kubepass-verify.ts', 'kubepass-verify'],
  ['src/programs/server.ts', 'kubepass'],
  ['scripts/quickstart/main.ts', 'quickstart'],
  ['packages/inspect/src/offline/kubepass-inspect.ts', 'kubepass-inspect'],
])('%s', (file, name) => {
  it('answers --help and --version, and is short about an option that it does not know', async () => {
    const [help, version, wrong] = await Promise.all([
      run(file, '--help'),
      run(file, '--version'),
      run(file, '--hlep'),
    ]);
    expect(help).toMatchObject({ code: 0, complaints: '' });
    expect(help.output).toMatch(new RegExp(`^usage: (?:npm run )?${name}`));
    expect(help.output).toContain('\n\n');
    expect(version).toMatchObject({ code: 0, complaints: '' });
    expect(version.output).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\n$`));
    expect(wrong).toMatchObject({ code: 2, output: '' });
    const [said, ...usage] = wrong.complaints.trimEnd().split('\n');
    expect(said).toBe(`${name}: Unknown option '--hlep'; did you mean "--help"?`);
    expect(help.output.startsWith(`${usage.join('\n')}\n\n`)).toBe(true);
  });
});
