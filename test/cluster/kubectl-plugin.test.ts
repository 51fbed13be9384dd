import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startService, type TestService } from '../http/support/service.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { runCommand, type Finished } from './run-command.js';
import { kubeconfigOfServiceAccount } from './service-account.js';
import { describeControlPlane, kubectlCommand, openControlPlane } from './suite.js';

const buildScript = new URL('../../scripts/build-plugin.mjs', import.meta.url).href;
const movedClock = fileURLToPath(new URL('../helpers/moved-clock.cjs', import.meta.url));

const policies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: people }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["team-*"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
`;

describeControlPlane('kubectl with the plugin, against a real control plane', () => {
  const directory = temporaryDirectory();
  const bin = join(directory.path, 'bin');
  let plane: ControlPlane;
  let service: TestService;
  let front: Server;
  let server: string;
  /** How the proxy before the service answers. */
  let mode: 'onward' | 'down' | 'busy' | 'silent' = 'onward';
  let asks: string[] = [];

  beforeAll(async () => {
    const { buildPlugin } = (await import(buildScript)) as {
      readonly buildPlugin: (folder: string) => Promise<unknown>;
    };
    await buildPlugin(join(directory.path, 'plugin'));
    mkdirSync(bin);
    symlinkSync(join(directory.path, 'plugin', 'kubectl-kubepass.cjs'), join(bin, 'kubectl-kubepass'));
    symlinkSync(
      join(directory.path, 'plugin', 'kubectl_complete-kubepass.cjs'),
      join(bin, 'kubectl_complete-kubepass'),
    );
    plane = await openControlPlane();
    const kubeconfig = await kubeconfigOfServiceAccount(plane, directory.path);
    await succeed(plane, ['create', 'clusterrolebinding', 'team-a', '--clusterrole=view', '--group=team-a']);
    front = createServer((request, response) => {
      asks.push(`${request.method ?? ''} ${request.url ?? ''}`);
      if (mode === 'silent') return;
      if (mode === 'down') {
        request.socket.destroy();
        return;
      }
      if (mode === 'busy') {
        response.writeHead(503).end();
        return;
      }
      const url = `${service.address}${request.url ?? ''}`;
      const onward = httpRequest(url, { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    server = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    service = await startService({
      policies,
      app: { publicUrl: server },
      config: JSON.stringify({
        clusters: [{ name: 'real', server: plane.server, signer: 'kubernetes', kubeconfig }],
      }),
    });
  }, 180_000);
  afterAll(async () => {
    front.closeAllConnections();
    front.close();
    await service.close();
    await plane.stop();
    directory.remove();
  });

  /** A machine with Node, kubectl and the plugin: a home directory of its own. */
  function newHome() {
    const home = join(directory.path, `home-${Math.random().toString(36).slice(2)}`);
    mkdirSync(home);
    const path = [bin, dirname(process.execPath), dirname(kubectlCommand()), '/usr/bin', '/bin'].join(delimiter);
    const environment = (more: Readonly<Record<string, string>> = {}) => ({ HOME: home, PATH: path, ...more });
    const kubectl = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Finished> =>
      runCommand(kubectlCommand(), args, { env: environment(more) });
    return {
      home,
      environment,
      kubectl,
      config: join(home, '.kube', 'config'),
      cache: () => {
        const root = join(home, '.kube', 'cache', 'kubepass');
        return join(root, readdirSync(root)[0] ?? '');
      },
      login: async (username: string, ...args: readonly string[]) => {
        const given = [
          '--server',
          server,
          '--cluster',
          'real',
          '--username',
          username,
          '--group',
          'team-a',
          '--expires-in',
          '10m',
        ];
        const finished = await kubectl(['kubepass', 'login', ...given, ...args], {
          KUBEPASS_TOKEN: service.tokenOf('alice'),
        });
        expect(finished.code, finished.stderr).toBe(0);
        return finished;
      },
    };
  }

  const issuedTo = async (username: string) =>
    (await service.store.certificates.list({ username }, { limit: 100, cursor: null })).items;

  it('logs in, and then plain kubectl works; the key is in no process list', async () => {
    const { login, kubectl, cache } = newHome();
    const lists: string[] = [];
    const watching = setInterval(() => {
      void runCommand('ps', ['-eo', 'args']).then(
        ({ stdout }) => lists.push(stdout),
        () => undefined,
      );
    }, 50);
    await login('jane');
    const namespaces = await kubectl(['get', 'namespaces', '--output=name']);
    clearInterval(watching);
    expect(namespaces.stderr).toBe('');
    expect(namespaces.stdout).toContain('namespace/kube-system');
    const whoami = await kubectl(['auth', 'whoami', '--output=json']);
    expect(JSON.parse(whoami.stdout)).toMatchObject({
      status: { userInfo: { username: 'jane', groups: ['team-a', 'system:authenticated'] } },
    });
    const { keyPem } = JSON.parse(readFileSync(join(cache(), 'credential.json'), 'utf8').split('\n')[1] ?? '') as {
      keyPem: string;
    };
    const secret = keyPem.split('\n')[1] ?? '';
    expect(secret.length).toBeGreaterThan(40);
    expect(lists.length).toBeGreaterThan(0);
    expect(lists.join('')).not.toContain(secret);
    expect(service.log()).not.toContain(secret);
    expect(await issuedTo('jane')).toHaveLength(1);
  });

  it.each(['down', 'busy'] as const)(
    'is renewed at two thirds while kubectl goes on, with kubepass %s in between',
    async (broken) => {
      const { login, kubectl } = newHome();
      const username = `fast-${broken}`;
      await login(username);
      // The ten minutes look like ten seconds. A few more renewals, and the lineage has more live certificates than may be.
      const clock = {
        NODE_OPTIONS: `--require=${movedClock}`,
        KUBEPASS_TEST_CLOCK_BASE: String(Date.now()),
        KUBEPASS_TEST_CLOCK_FACTOR: '60',
      };
      const began = performance.now();
      const results: Finished[] = [];
      while (performance.now() - began < 9_000) {
        const seconds = (performance.now() - began) / 1000;
        mode = seconds > 5.5 && seconds < 7.5 ? broken : 'onward';
        results.push(await kubectl(['get', 'namespaces', '--output=name'], clock));
        await sleep(100);
      }
      mode = 'onward';
      expect(results.length).toBeGreaterThan(10);
      expect(results.filter(({ code }) => code !== 0).map(({ stderr }) => stderr)).toEqual([]);
      expect(results.some(({ stderr }) => stderr.includes('could not be renewed and works until'))).toBe(true);
      const issued = await issuedTo(username);
      expect(issued.some(({ renewal }) => renewal !== null)).toBe(true);
    },
  );

  it('asks once for ten kubectl with nothing in the cache', async () => {
    const { login, kubectl } = newHome();
    await login('many');
    expect((await kubectl(['kubepass', 'logout'])).code).toBe(0);
    const before = (await issuedTo('many')).length;
    const token = { KUBEPASS_TOKEN: service.tokenOf('alice') };
    const all = await Promise.all(
      Array.from({ length: 10 }, () => kubectl(['get', 'namespaces', '--output=name'], token)),
    );
    expect(all.filter(({ code }) => code !== 0).map(({ stderr }) => stderr)).toEqual([]);
    expect((await issuedTo('many')).length - before).toBe(1);
  });

  it('goes on within ten seconds after the holder of the lock was killed', async () => {
    const { login, kubectl, environment, cache } = newHome();
    await login('killed');
    expect((await kubectl(['kubepass', 'logout'])).code).toBe(0);
    mode = 'silent';
    const token = { KUBEPASS_TOKEN: service.tokenOf('alice') };
    const args = [
      'get-credential',
      '--server',
      server,
      '--cluster',
      'real',
      '--username',
      'killed',
      '--group',
      'team-a',
      '--expires-in',
      '10m',
    ];
    const child = spawn(process.execPath, [join(bin, 'kubectl-kubepass'), ...args], {
      env: environment(token),
      stdio: 'ignore',
    });
    await expect.poll(() => readdirSync(cache()), { timeout: 8_000 }).toContain('lock');
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    mode = 'onward';
    const began = performance.now();
    expect((await kubectl(['get', 'namespaces'], token)).code).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(readdirSync(cache())).not.toContain('lock');
  });

  it('ends with a sentence, and no loop, when the certificate is revoked', async () => {
    const { login, kubectl, cache } = newHome();
    await login('gone');
    const [certificate] = await issuedTo('gone');
    await service
      .as('root')('post', `/v1/certificates/${certificate?.fingerprintSha256 ?? ''}/revoke`)
      .send({ reason: 'privilegeWithdrawn' })
      .expect(200);
    const late = { NODE_OPTIONS: `--require=${movedClock}`, KUBEPASS_TEST_CLOCK_AHEAD: '430000' };
    asks = [];
    const answer = await kubectl(['get', 'namespaces'], late);
    expect(answer.code).toBe(1);
    expect(answer.stderr).toContain('the certificate is revoked');
    expect(answer.stderr).toContain('kubectl kubepass login');
    // The second one says the time of kubepass, because the clock here is wrong.
    expect(asks.length).toBeLessThanOrEqual(2);
    expect(readdirSync(cache())).toContain('refusal.json');
    const again = await login('gone');
    expect(again.stdout).toContain('You are gone in team-a');
    expect((await kubectl(['get', 'namespaces'])).code).toBe(0);
  });

  it('leaves fifty other contexts as they are', async () => {
    const { login, kubectl, config } = newHome();
    mkdirSync(dirname(config), { mode: 0o700 });
    const lines = ['# of the team', 'apiVersion: v1', 'kind: Config', 'preferences: {}', 'clusters:'];
    for (let i = 0; i < 50; i += 1)
      lines.push(
        `- cluster: {server: 'https://10.0.0.${i}:6443', insecure-skip-tls-verify: true}`,
        `  name: c${i} # no. ${i}`,
      );
    lines.push('users:');
    for (let i = 0; i < 50; i += 1)
      lines.push(`- name: u${i}`, '  user:', '    username: "yes"', `    password: "0${i}7"`);
    lines.push('contexts:');
    for (let i = 0; i < 50; i += 1)
      lines.push(`- name: x${i}`, `  context: {cluster: c${i}, user: u${i}, namespace: "0x${i}"}`);
    lines.push('current-context: x7', '');
    writeFileSync(config, lines.join('\n'), { mode: 0o600 });
    const view = async () => {
      const { stdout } = await kubectl(['config', 'view', '--raw', '--output=json']);
      return JSON.parse(stdout) as Record<'clusters' | 'users' | 'contexts', readonly { readonly name: string }[]>;
    };
    const before = await view();
    await login('merged');
    const after = await view();
    expect(after).toMatchObject({ 'current-context': 'x7' });
    for (const section of ['clusters', 'users', 'contexts'] as const) {
      expect(after[section]).toHaveLength(51);
      expect(after[section].filter(({ name }) => !name.includes('merged'))).toEqual(before[section]);
    }
    expect(readFileSync(config, 'utf8')).toContain('# of the team');
    expect(readFileSync(`${config}.kubepass-backup`, 'utf8')).toBe(lines.join('\n'));
    for (const file of [config, `${config}.kubepass-backup`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await kubectl(['--context=merged@real', 'get', 'namespaces'])).code).toBe(0);
  });

  it('works by the kubeconfig that kubepass gives out, and completes its commands', async () => {
    const { kubectl, home } = newHome();
    const answer = await service.as('alice')('get', '/v1/clusters/real/kubeconfig').expect(200);
    const file = join(home, 'given.kubeconfig');
    writeFileSync(file, answer.text, { mode: 0o600 });
    const token = { KUBEPASS_TOKEN: service.tokenOf('alice') };
    const whoami = await kubectl([`--kubeconfig=${file}`, 'auth', 'whoami', '--output=json'], token);
    expect(JSON.parse(whoami.stdout)).toMatchObject({ status: { userInfo: { username: 'alice' } } });
    const completion = await kubectl(['__complete', 'kubepass', 'log'], {});
    expect(completion.stdout).toContain('login');
    expect(completion.stdout).toContain('logout');
  });
});
