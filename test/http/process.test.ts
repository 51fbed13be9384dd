import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory.path, 'policies'));
  writeFileSync(join(directory.path, 'policies', 'test.yaml'), testPolicies);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  directory.remove();
});

const dataDir = () => join(directory.path, 'data');

/** The service as a separate process, started through `prefix`. */
function start(prefix: readonly string[] = []) {
  const [command, ...rest] = [...prefix, process.execPath, '--import', 'tsx', 'src/server.ts'];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      KUBEPASS_DATA_DIR: dataDir(),
      KUBEPASS_POLICIES_DIR: join(directory.path, 'policies'),
      KUBEPASS_PORT: '0',
    },
  });
  children.push(child);
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8');
  });
  const lines = () => log.split('\n').flatMap((line) => (line ? [JSON.parse(line) as Record<string, string>] : []));
  return { child, said: (msg: string) => lines().find((line) => line['msg'] === msg), ended: once(child, 'close') };
}

describe('the process', () => {
  it('answers the requests that are under way when SIGTERM comes, and then ends', async () => {
    const { child, said, ended } = start();
    await expect.poll(() => said('kubepass serves'), { timeout: 20_000 }).toBeDefined();
    const address = said('kubepass serves')?.['address'] ?? '';
    const token = readFileSync(join(dataDir(), 'admin-token'), 'utf8').trim();
    let answered = 0;
    const answers = Array.from({ length: 12 }, async (_, number) => {
      const response = await fetch(`${address}/v1/kubeconfigs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ username: `user-${String(number)}`, groups: ['team-a'], keyAlgorithm: 'RSA-2048' }),
      });
      answered += 1;
      return { status: response.status, text: await response.text() };
    });
    // Later requests are answered, so the earlier ones have arrived.
    for (let i = 0; i < 3; i += 1) expect((await fetch(`${address}/livez`)).status).toBe(200);
    expect(answered).toBeLessThan(answers.length);
    child.kill('SIGTERM');

    for (const { status, text } of await Promise.all(answers)) {
      expect(status, text).toBe(201);
      expect(text).toContain('client-key-data');
    }
    expect(await ended).toEqual([0, null]);
    expect(said('stopped')).toBeDefined();
    // The service did not wait for idle connections that are kept alive.
    expect(said('requests are still under way: their connections are cut')).toBeUndefined();
  });

  // Root may write everywhere unless it drops this capability.
  const withoutPrivilege = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];
  const [command] = withoutPrivilege;
  const possible = command === undefined || spawnSync(command, [...withoutPrivilege.slice(1), 'true']).status === 0;

  it.skipIf(!possible)('says so where it may not write to the data dir, and does not start', async () => {
    mkdirSync(dataDir());
    chmodSync(dataDir(), 0o500);
    const { said, ended } = start(withoutPrivilege);
    expect(await ended).toEqual([1, null]);
    expect(said('kubepass cannot serve')).toMatchObject({
      level: 'fatal',
      reason: expect.stringMatching(/^the data dir .*data cannot be written to: EACCES/) as string,
    });
  });
});
