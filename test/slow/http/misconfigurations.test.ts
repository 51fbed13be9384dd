// Tests src/programs/serve.ts, src/programs/check-config.ts, src/programs/kubepass.ts, src/start/check-config.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fromSources, kubepass } from '../../helpers/from-sources.js';
import { install, misconfigurations, secrets, written } from '../../helpers/misconfigurations.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

/** Runs the program to its end. */
async function run(given: readonly string[], environment: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [...fromSources, kubepass, ...given], {
    env: { PATH: process.env['PATH'], ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** A directory that is installed and changed in these ways, for `work`. */
async function misconfigured<T>(
  whats: readonly (typeof misconfigurations)[number][],
  work: (directory: string, environment: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const directory = temporaryDirectory();
  try {
    const installation = await install(directory.path);
    for (const { make } of whats) make(installation);
    return await work(directory.path, written(installation));
  } finally {
    directory.remove();
  }
}

it('each of sixteen misconfigurations keeps the service from starting, and the log says how to mend it', async () => {
  for (const one of misconfigurations)
    await misconfigured([one], async (directory, environment) => {
      const { code, stdout } = await run(['serve'], environment);
      const { msg, reason = '' } = JSON.parse(stdout) as { readonly msg: string; readonly reason?: string };
      expect({ what: one.what, code, msg }).toEqual({ what: one.what, code: 1, msg: 'kubepass cannot serve' });
      expect(reason.split('\n  ').slice(1).join('\n')).toMatch(one.setting);
      expect(reason).toContain(one.value);
      expect(reason).toMatch(one.remedy);
      for (const secret of Object.values(secrets)) expect(stdout).not.toContain(secret);
      expect(existsSync(join(directory, 'data'))).toBe(false);
    });
});

it('check-config names all of three put together on lines of their own, and ends with 1', async () => {
  const [port, , , misspelt, , missing] = misconfigurations;
  const three = [port, misspelt, missing].filter((one) => one !== undefined);
  await misconfigured(three, async (directory, environment) => {
    const { code, stdout, stderr } = await run(['check-config'], environment);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'database: empty; a start makes its tables\n' });
    const lines = stderr.trimEnd().split('\n');
    for (const { setting, remedy } of three)
      expect(lines.filter((line) => setting.test(line.replace('error: ', '')) && remedy.test(line))).toHaveLength(1);
    expect(lines.slice(3)).toEqual(['the configuration has 3 errors']);
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });
});

it('check-config says that a configuration is good, and ends with 0', async () => {
  await misconfigured([], async (directory, environment) => {
    expect(await run(['check-config'], environment)).toEqual({
      code: 0,
      stdout: `database: empty; a start makes its tables\nthe configuration is good: nothing was changed, and nothing was started\n`,
      stderr: '',
    });
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });
});

it('tells its version and its options, and takes no others', async () => {
  expect(await run(['--version'], {})).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^kubepass \d/) as string,
  });
  expect(await run(['--help'], {})).toMatchObject({ code: 0, stderr: '' });
  const { code, stdout, stderr } = await run(['serve', '--check-config'], {});
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(`kubepass serve: Unknown option '--check-config'\nusage: kubepass serve\n`);
});
