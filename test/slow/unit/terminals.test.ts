// Tests packages/inspect/src/formats/text/visible.ts, packages/inspect/src/command-line/finish.ts, src/programs/,
// packages/kubectl-kubepass/src/kubectl-kubepass.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubepass } from '../../helpers/from-sources.js';
import { hostileTexts } from '../../helpers/hostile-texts.js';
import { runProgram } from '../../helpers/run-program.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

/** Controls with C1, characters that turn text around, and separators: no text of a terminal. */
const obeyed = /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u;

/** Each such character of hostile texts that a name of a file may hold, and commands that they begin. */
const hostile = `${[...new Set(hostileTexts.join(''))].filter((one) => obeyed.test(one) && one !== '\0').join('')}\u001b[2J\u009b31m\u202egpj\u2066x\u001b]0;y\u0007`;

let directory: ReturnType<typeof temporaryDirectory>;
/** A folder with a hostile name, with a file of that name and content. */
let folder: string;
let file: string;
beforeAll(() => {
  directory = temporaryDirectory();
  folder = join(directory.path, hostile);
  mkdirSync(folder);
  file = join(folder, `${hostile}.yaml`);
  writeFileSync(file, `${hostile}: ["${hostile}`);
});
afterAll(() => directory.remove());

const inspect = 'packages/inspect/src/offline/kubepass-inspect.ts';
const plugin = 'packages/kubectl-kubepass/src/kubectl-kubepass.ts';
const nodeFile = () => ['--cluster', hostile, '--out', `${file}.out`, '--kubeconfig', file];
const noEnvironment = () => ({});

describe.each<[string, () => readonly string[], () => Readonly<Record<string, string>>]>([
  [kubepass, () => ['verify', file], noEnvironment],
  [kubepass, () => ['verify', folder, '--checkpoint', file, '--key', hostile], noEnvironment],
  [kubepass, () => ['policy', 'check', folder], noEnvironment],
  [kubepass, () => ['policy', 'check', `${folder}/absent`], noEnvironment],
  [kubepass, () => ['check-config'], () => ({ KUBEPASS_CONFIG: file })],
  [kubepass, () => ['check-config'], () => ({ KUBEPASS_CONFIG: `${file}.absent`, KUBEPASS_PORT: hostile })],
  [kubepass, () => ['client-ca-file', ...nodeFile(), '--base', file], noEnvironment],
  [kubepass, () => ['revocation-file', ...nodeFile()], noEnvironment],
  [kubepass, () => ['admin-token', '--show'], () => ({ KUBEPASS_DATA_DIR: folder })],
  [kubepass, () => ['backup', `${file}/x`], () => ({ KUBEPASS_DATA_DIR: folder })],
  [kubepass, () => ['restore', file], () => ({ KUBEPASS_DATA_DIR: folder })],
  [kubepass, () => ['restore', '--check', file], () => ({ KUBEPASS_DATA_DIR: folder })],
  [kubepass, () => ['migrate', '--grant-to', hostile], () => ({ KUBEPASS_CONFIG: file })],
  [kubepass, () => ['upgrade', 'drill', '--data-dir', folder, '--config', file], noEnvironment],
  [inspect, () => [folder], noEnvironment],
  [inspect, () => [`${file}.absent`, '--format', 'overview'], noEnvironment],
  [inspect, () => [file, '--format', hostile], noEnvironment],
  [inspect, () => [file, '--format', 'report', '--severity', 'info'], noEnvironment],
  [plugin, () => [hostile], noEnvironment],
  [plugin, () => ['login', '--context', hostile], () => ({ KUBECONFIG: file })],
  [plugin, () => ['inspect', file, '--format', 'report'], noEnvironment],
])('%s', (program, args, environment) => {
  it('gives a terminal nothing to obey, whatever is in names and contents of files', async () => {
    const { stdout, stderr } = await runProgram(program, args(), { HOME: folder, ...environment() });
    expect(stdout + stderr).not.toBe('');
    expect(stdout + stderr).not.toMatch(obeyed);
  });
});

it('JSON and SARIF into a pipe are what they are, octet for octet', async () => {
  const kubeconfig = join(directory.path, 'kubeconfig');
  const name = 'a\u200db\u202e';
  const config = { apiVersion: 'v1', kind: 'Config', contexts: [{ name, context: { cluster: 'x', user: 'y' } }] };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const { stdout } = await runProgram(inspect, [kubeconfig, '--format', 'json'], {});
  expect(stdout).toContain(name);
  expect(() => JSON.parse(stdout) as unknown).not.toThrow();
  expect(readFileSync(kubeconfig, 'utf8')).toContain(name);
});
