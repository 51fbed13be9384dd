import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { ShellSession } from '../../../scripts/samples/shell-session.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const script = fileURLToPath(new URL('../../../scripts/quickstart/main.ts', import.meta.url));
const shippedPolicies = fileURLToPath(new URL('../../../policies/', import.meta.url));

const ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** Runs the quickstart until it serves, and then the lines that it shows, in another terminal. */
async function followHints(policiesDir: (directory: string) => string) {
  const { path, remove } = temporaryDirectory();
  ending.push(remove);
  const open = () => {
    const env = { PATH: process.env['PATH'], KUBEPASS_PORT: '0', KUBEPASS_POLICIES_DIR: policiesDir(path) };
    const session = new ShellSession('bash', { cwd: path, env });
    ending.push(() => session.close());
    return session;
  };
  const serving = (text: string) => Promise.resolve(text.includes('quickstart: serving'));
  const shown = await open().serve(`'${process.execPath}' --import '${tsx}' '${script}'`, serving, 60);
  const [, lines = ''] = /^Next, .*:\n([^]*?)^Swagger UI/m.exec(shown) ?? [];
  const commands = lines
    .split('\n')
    .filter((line) => line.startsWith('  '))
    .join('\n');
  return { path, shown, commands, printed: await open().paste(commands) };
}

describe('the lines that the quickstart shows', () => {
  it('ask as a requester, and save the kubeconfig for its owner alone', async () => {
    const { path, commands, printed } = await followHints(() => shippedPolicies);
    expect(commands).not.toMatch(/kubeconfigs.*admin-token/);
    expect(printed).toContain('{"name":"quickstart","groups":[],"roles":["requester"]');
    expect(readFileSync(join(path, 'jane.kubeconfig'), 'utf8')).toMatch(/^apiVersion: v1\nkind: Config\n/);
    for (const file of ['jane.kubeconfig', '.kubepass/quickstart-token'])
      expect([file, statSync(join(path, file)).mode & 0o777]).toEqual([file, 0o600]);
  }, 60_000);

  it.each([
    ['denied', 'usernames: [somebody-else]', 'auto', 'urn:kubepass:problem:policy-denied'],
    ['left to a person', "usernames: ['*'], groups: ['*']", 'manual', '"state":"pending"'],
  ])(
    'print the answer if the request is %s, and make no kubeconfig of it',
    async (_, allowed, mode, answer) => {
      const { path, shown, printed } = await followHints((directory) => {
        const policy = `{ selector: {}, allowed: { ${allowed} }, approval: { mode: ${mode} } }`;
        const text = `apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: one }\nspec: ${policy}\n`;
        writeFileSync(join(directory, 'policy.yaml'), text);
        return directory;
      });
      expect(shown).toContain('quickstart: the policies in force');
      expect(printed).toContain(answer);
      for (const file of ['jane.kubeconfig', '.kubepass/quickstart.kubeconfig'])
        expect(existsSync(join(path, file))).toBe(false);
    },
    60_000,
  );
});
