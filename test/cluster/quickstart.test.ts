// Tests scripts/quickstart/main.ts
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { runCommand } from './run-command.js';
import { describeCluster, openCluster } from './suite.js';
import type { TestCluster } from './test-cluster.js';

const script = fileURLToPath(new URL('../../scripts/quickstart/main.ts', import.meta.url));
const directory = temporaryDirectory();
afterAll(() => directory.remove());

describeCluster('npm run quickstart -- --kubeconfig', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await openCluster();
  });
  afterAll(() => cluster.stop());

  const quickstart = (dataDir: string, ...args: string[]) =>
    runCommand(
      process.execPath,
      ['--import', 'tsx', script, '--once', '--kubeconfig', cluster.adminKubeconfigPath, ...args],
      {
        env: { ...process.env, KUBEPASS_DATA_DIR: dataDir, KUBEPASS_PORT: '0' },
        timeoutSeconds: 120,
      },
    );

  it('ends with a kubeconfig that the API server accepts and only its owner can read', async () => {
    const dataDir = join(directory.path, 'data');
    const { code, stdout, stderr } = await quickstart(dataDir, '--name', 'real');
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^ {2}username +quickstart-jane$/m);
    expect(stdout).toContain('this cluster does not refuse a revoked certificate yet: mode webhook');

    const kubeconfig = join(dataDir, 'quickstart.kubeconfig');
    expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
    const whoami = await cluster.kubectl([`--kubeconfig=${kubeconfig}`, 'auth', 'whoami', '--output=json']);
    expect(whoami.code, whoami.stderr).toBe(0);
    expect(JSON.parse(whoami.stdout)).toMatchObject({
      status: { userInfo: { username: 'quickstart-jane', groups: ['system:authenticated'] } },
    });
  });

  it('reports a wrong context or name, and starts nothing', async () => {
    const dataDir = join(directory.path, 'untouched');
    expect(await quickstart(dataDir, '--context', 'nowhere')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no context "nowhere"') as unknown,
    });
    expect(await quickstart(dataDir, '--name', 'Not_A_Label')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"Not_A_Label" is no name for a cluster') as unknown,
    });
    expect(existsSync(dataDir)).toBe(false);
  });
});
