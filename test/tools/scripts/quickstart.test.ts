// Tests scripts/quickstart/main.ts
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShellSession } from '../../../scripts/samples/shell-session.js';
import { fromSources } from '../../helpers/from-sources.js';
import { isInstalled } from '../../helpers/is-installed.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const script = fileURLToPath(new URL('../../../scripts/quickstart/main.ts', import.meta.url));

describe.skipIf(!isInstalled('bash') || !isInstalled('curl'))('the lines that the quickstart shows', () => {
  const directory = temporaryDirectory();
  const inDirectory = (name: string) => join(directory.path, name);
  const env = { PATH: process.env['PATH'], KUBEPASS_PORT: '0', KUBEPASS_POLICIES_DIR: directory.path };
  const [serving, reading] = [0, 1].map(() => new ShellSession('bash', { cwd: directory.path, env })) as [
    ShellSession,
    ShellSession,
  ];
  let shown = '';
  let commands = '';

  const permit = (usernames: string, mode: string) => {
    const spec = `{ selector: {}, allowed: { usernames: ['${usernames}'], groups: ['*'] }, approval: { mode: ${mode} } }`;
    const text = `apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: one }\nspec: ${spec}\n`;
    writeFileSync(inDirectory('policy.yaml'), text);
  };
  // Changed policies take effect within seconds.
  const untilAnswer = (text: string) =>
    expect.poll(() => reading.paste(commands), { timeout: 30_000, interval: 500 }).toContain(text);

  beforeAll(async () => {
    permit('somebody-else', 'auto');
    const ready = (text: string) => Promise.resolve(text.includes('quickstart: serving'));
    shown = await serving.serve(
      [process.execPath, ...fromSources, script].map((word) => `'${word}'`).join(' '),
      ready,
      60,
    );
    const [, lines = ''] = /^Next, .*:\n([^]*?)^Swagger UI/m.exec(shown) ?? [];
    commands = lines.replaceAll(/^(?! {2}).*$/gm, '');
  });
  afterAll(async () => {
    await reading.close();
    await serving.close();
    directory.remove();
  });

  it('ask as a requester, whose token only its owner can read', async () => {
    expect(commands).not.toMatch(/kubeconfigs.*admin-token/);
    expect(commands).toMatch(/kubeconfigs \\\n.*cat \.kubepass\/quickstart-token/);
    const token = readFileSync(inDirectory('.kubepass/quickstart-token'), 'utf8');
    expect(shown).not.toContain(token.trim());
    expect(statSync(inDirectory('.kubepass/quickstart-token')).mode & 0o777).toBe(0o600);
  });

  it('print the answer if the request is denied or waits for a person, and make no kubeconfig of it', async () => {
    expect(shown).toContain('quickstart: the policies in force deny quickstart-jane');
    await untilAnswer('urn:kubepass:problem:policy-denied');
    permit('*', 'manual');
    await untilAnswer('"state":"pending"');
    for (const name of ['jane.kubeconfig', '.kubepass/quickstart.kubeconfig'])
      expect(existsSync(inDirectory(name))).toBe(false);
  });

  it('have no link that signs in, because this is no terminal', () => {
    expect(shown).toContain('/console/ (sign in with the API token in .kubepass/admin-token)');
    expect(shown).not.toContain('signed in');
  });

  it('save the kubeconfig for its owner alone if there is one', async () => {
    permit('*', 'auto');
    await untilAnswer('"type":"CertificateIssued"');
    expect(readFileSync(inDirectory('jane.kubeconfig'), 'utf8')).toMatch(/^apiVersion: v1\nkind: Config\n/);
    expect(statSync(inDirectory('jane.kubeconfig')).mode & 0o777).toBe(0o600);
  });
});
