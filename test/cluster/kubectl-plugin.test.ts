// Tests packages/kubectl-kubepass/src/get-credential.ts, packages/kubectl-kubepass/src/login.ts,
// packages/kubectl-kubepass/src/exec-credential.ts
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startService, type TestService } from '../http/support/service.js';
import { filesBelow, holdsAny, rowsOf, tracesOfKey } from '../helpers/key-traces.js';
import { startTcpProxy } from '../helpers/tcp-proxy.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { ProcessListWatch } from './process-list.js';
import { freePort } from '../helpers/free-ports.js';
import { runCommand, type Finished } from './run-command.js';
import { kubeconfigOfServiceAccount } from './service-account.js';
import { describeControlPlane, kubectlCommand, openControlPlane } from './suite.js';

const buildScript = new URL('../../packages/kubectl-kubepass/build.mjs', import.meta.url).href;
const helper = (name: string) => fileURLToPath(new URL(`../helpers/${name}`, import.meta.url));
const movedClock = helper('moved-clock.cjs');
const quickstart = fileURLToPath(new URL('../../scripts/quickstart/main.ts', import.meta.url));
const tokenRights = fileURLToPath(
  new URL('../../deploy/kubernetes/components/review-tokens/rbac.yaml', import.meta.url),
);

/** How long kubectl is called again and again. Ten is as long as the certificate lives; CI has less time. */
const minutes = Number(process.env['KUBEPASS_PLUGIN_MINUTES'] ?? 0.2);

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

/** A file of the cache, as far as it counts here. */
interface CachedFile {
  readonly keyPem: string;
  readonly fingerprintSha256: string;
  readonly renewAt: number;
  readonly notAfter: number;
}

describeControlPlane('kubectl with the plugin, against a real control plane', () => {
  const directory = temporaryDirectory();
  const bin = join(directory.path, 'bin');
  let plane: ControlPlane;
  let service: TestService;
  let front: Server;
  let server: string;
  type Mode = 'onward' | 'down' | 'busy' | 'silent';
  /** How the proxy before the service answers; and how it answers renewals of some certificates. */
  let mode: Mode = 'onward';
  const modeOfRenewal = new Map<string, Mode>();
  let asks: string[] = [];
  /** Everything that went through the proxy, in both directions. */
  const traffic: Buffer[] = [];
  const homes: { readonly keys: () => readonly string[] }[] = [];

  beforeAll(async () => {
    const { buildPlugin } = (await import(buildScript)) as {
      readonly buildPlugin: (folder: string) => Promise<unknown>;
    };
    await buildPlugin(join(directory.path, 'plugin'));
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    symlinkSync(kubectlCommand(), join(bin, 'kubectl'));
    symlinkSync(join(directory.path, 'plugin', 'kubectl-kubepass.cjs'), join(bin, 'kubectl-kubepass'));
    symlinkSync(
      join(directory.path, 'plugin', 'kubectl_complete-kubepass.cjs'),
      join(bin, 'kubectl_complete-kubepass'),
    );
    plane = await openControlPlane();
    const kubeconfig = await kubeconfigOfServiceAccount(plane, directory.path);
    await succeed(plane, ['create', 'clusterrolebinding', 'team-a', '--clusterrole=view', '--group=team-a']);
    front = createServer((request, response) => {
      const { method, url = '', rawHeaders } = request;
      asks.push(`${method ?? ''} ${url}`);
      traffic.push(Buffer.from([url, ...rawHeaders].join('\n')));
      const how = modeOfRenewal.get(url.split('/').at(-2) ?? '') ?? mode;
      if (how === 'silent') return;
      if (how === 'down') {
        request.socket.destroy();
        return;
      }
      if (how === 'busy') {
        response.writeHead(503).end();
        return;
      }
      const onward = httpRequest(`${service.address}${url}`, { method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        traffic.push(Buffer.from(answer.rawHeaders.join('\n')));
        answer.on('data', (chunk: Buffer) => traffic.push(chunk));
        answer.pipe(response);
      });
      request.on('data', (chunk: Buffer) => traffic.push(chunk));
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    server = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    service = await startService({
      policies,
      app: { publicUrl: server },
      config: JSON.stringify({
        clusters: [{ name: 'real', server: plane.server, signer: 'kubernetes', kubeconfig }],
        callers: { serviceAccounts: [{ cluster: 'real', audience: 'kubepass' }] },
        roles: [{ names: ['system:serviceaccount:jobs:deployer'], roles: ['requester'] }],
      }),
    });
  });
  afterAll(async () => {
    front.closeAllConnections();
    front.close();
    await service.close();
    await plane.stop();
    directory.remove();
  });

  /**
   * A machine with nothing but Node, kubectl and the plugin: a home directory of its own, and no other program on the
   * PATH.
   */
  function newHome() {
    const home = join(directory.path, `home-${Math.random().toString(36).slice(2)}`);
    mkdirSync(home);
    const environment = (more: Readonly<Record<string, string>> = {}) => ({ HOME: home, PATH: bin, ...more });
    const kubectl = (args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Finished> =>
      runCommand(kubectlCommand(), args, { env: environment(more) });
    /** Without the folders of the logins. */
    const caches = () => {
      const root = join(home, '.kube', 'cache', 'kubepass');
      const folders = existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
      return folders.filter((folder) => !existsSync(join(folder, 'login.json')));
    };
    const content = (name: string) =>
      caches()
        .map((folder) => join(folder, name))
        .filter((file) => existsSync(file))
        .map((file) => JSON.parse(readFileSync(file, 'utf8').split('\n')[1] ?? '') as CachedFile);
    const ofThis = {
      home,
      environment,
      kubectl,
      config: join(home, '.kube', 'config'),
      cache: () => caches()[0] ?? '',
      cached: () => content('credential.json')[0],
      forget: () => {
        rmSync(join(caches()[0] ?? '', 'credential.json'));
      },
      /** Changes members of the credential in the cache, as if time had passed. */
      change: async (members: Readonly<Partial<CachedFile>>) => {
        const text = JSON.stringify({ ...content('credential.json')[0], ...members });
        const hashed = `${hash('sha256', text)}\n${text}\n`;
        writeFileSync(join(caches()[0] ?? '', 'credential.json'), hashed, { mode: 0o600 });
      },
      keys: () => ['credential.json', 'attempt.json'].flatMap((name) => content(name).map(({ keyPem }) => keyPem)),
      login: async (username: string, args: readonly string[] = [], more: Readonly<Record<string, string>> = {}) => {
        const finished = await kubectl(['kubepass', ...loginArguments(username), ...args], {
          KUBEPASS_TOKEN: service.tokenOf('alice'),
          ...more,
        });
        expect(finished.code, finished.stderr).toBe(0);
        return finished;
      },
    };
    homes.push(ofThis);
    return ofThis;
  }

  const loginArguments = (username: string) => [
    ...['login', '--server', server, '--cluster', 'real', '--username', username],
    ...['--group', 'team-a', '--expires-in', '10m'],
  ];

  const issuedTo = async (username: string) =>
    (await service.store.certificates.list({ username }, { limit: 100, cursor: null })).items;

  it('logs in against the quickstart with nothing but Node and kubectl, and the key is nowhere else', async () => {
    const dataDir = join(directory.path, 'quickstart');
    const watch = new ProcessListWatch();
    const port = await freePort();
    const args = ['--import', 'tsx', quickstart, '--kubeconfig', plane.adminKubeconfigPath, '--name', 'real'];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, KUBEPASS_DATA_DIR: dataDir, KUBEPASS_PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (printed += text.toString()));
    const passed: Buffer[] = [];
    const proxy = await startTcpProxy({ host: '127.0.0.1', port }, (octets) => passed.push(octets));
    try {
      await expect.poll(() => printed, { timeout: 60_000, interval: 100 }).toContain('serving; Ctrl-C stops it');
      const [login = ''] = /^ {2}KUBEPASS_TOKEN=.*$/m.exec(printed) ?? [];
      expect(login).toContain(`kubectl kubepass login --server http://127.0.0.1:${port} --cluster real`);
      const { kubectl, keys, cache, home } = newHome();
      // As that line says, through something that listens.
      const words = login.split(' kubectl ')[1]?.replace(`:${port}`, `:${proxy.port}`).split(' ') ?? [];
      const token = readFileSync(join(dataDir, 'quickstart-token'), 'utf8').trim();
      const loggedIn = await kubectl(words, { KUBEPASS_TOKEN: token });
      expect(loggedIn.code, loggedIn.stderr).toBe(0);
      await succeed(plane, ['create', 'clusterrolebinding', 'jane', '--clusterrole=view', '--user=quickstart-jane']);
      const namespaces = await kubectl(['get', 'ns', '--output=name']);
      expect(namespaces.stderr).toBe('');
      expect(namespaces.stdout).toContain('namespace/kube-system');

      const [key = ''] = keys();
      const traces = tracesOfKey(key);
      const searched = new Map<string, Buffer>([
        ...filesBelow(dataDir),
        ['the rows of the database', rowsOf(join(dataDir, 'kubepass.db'))],
        ['the HTTP traffic', Buffer.concat(passed)],
        ['the process list', watch.stop()],
        ['what the quickstart prints', Buffer.from(printed)],
        ['what kubectl prints', Buffer.from(loggedIn.stdout + loggedIn.stderr + namespaces.stdout)],
        ['the kubeconfig', readFileSync(join(home, '.kube', 'config'))],
      ]);
      expect([...searched.keys()].map((file) => file.replace(`${dataDir}/`, ''))).toEqual(
        expect.arrayContaining(['kubepass.db', 'kubepass.db-wal', 'quickstart.log']),
      );
      expect([...searched].filter(([, octets]) => holdsAny(octets, traces)).map(([where]) => where)).toEqual([]);
      // The search finds what is there: the certificate is in all of these, and the key where it belongs.
      const { username } = { username: Buffer.from('quickstart-jane') };
      for (const [where, octets] of searched)
        if (/db-wal$|rows|traffic|process list|prints|kubeconfig/.test(where))
          expect(octets.includes(username), where).toBe(true);
      expect(holdsAny(readFileSync(join(cache(), 'credential.json')), traces)).toBe(true);
    } finally {
      watch.stop();
      await proxy.close();
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    }
  });

  /** The longest of three kubectl at once, in milliseconds. */
  const slowestOfThree = async () => {
    const times = ['one', 'two', 'three'].map(async (name) => {
      const { login, kubectl } = newHome();
      await login(`how-slow-${name}`);
      const began = performance.now();
      await kubectl(['get', 'namespaces', '--output=name']);
      return performance.now() - began;
    });
    return Math.max(...(await Promise.all(times)));
  };

  it(
    `is renewed at two thirds while kubectl goes on for ${minutes} minutes, with kubepass down or busy in between`,
    async () => {
      const slowest = await slowestOfThree();
      // On a busy machine a kubectl takes seconds, and several of them must come before the end of each certificate.
      const total = Math.max(minutes * 60_000, 24 * slowest);
      // The ten minutes look shorter by a clock that is ahead. Two renewals, and not more: three certificates of a
      // lineage live.
      const lifetime = total / 2;
      const ahead = 600_000 - lifetime;
      const clock = { NODE_OPTIONS: `--require=${movedClock}`, KUBEPASS_TEST_CLOCK_AHEAD: String(ahead) };
      const brokenFor = total / 20;
      const run = async (broken: 'onward' | 'down' | 'busy') => {
        const { login, kubectl, cached } = newHome();
        const username = `every-second-${broken}`;
        await login(username, [], clock);
        const began = performance.now();
        const failed: string[] = [];
        const said: string[] = [];
        /** Milliseconds from one certificate to the next. */
        const gaps: number[] = [];
        let [calls, last, since] = [0, cached(), began];
        while (performance.now() - began < total) {
          const now = performance.now();
          // In the middle, and over the time of the second renewal: on a slow machine, until a renewal has met it.
          if (gaps.length === 1 && last !== undefined) {
            const due = last.renewAt - ahead - Date.now();
            const hasMetIt = said.some((line) => line.includes('could not be renewed'));
            // A kubectl that is under way may renew at its end.
            const isNear = due < Math.max(brokenFor / 2, 2 * slowest);
            const isBroken = broken !== 'onward' && isNear && (due > -brokenFor / 2 || !hasMetIt);
            modeOfRenewal.set(last.fingerprintSha256, isBroken ? broken : 'onward');
          }
          const finished = await kubectl(['get', 'namespaces', '--output=name'], clock);
          calls += 1;
          if (finished.code !== 0) failed.push(finished.stderr);
          else if (finished.stderr !== '') said.push(finished.stderr);
          const next = cached();
          if (next?.fingerprintSha256 !== last?.fingerprintSha256) {
            gaps.push(performance.now() - since);
            since = performance.now();
            last = next;
          }
          await sleep(Math.max(50, Math.min(1_000, total / 40) - (performance.now() - now)));
        }
        return { username, failed, said, gaps, calls };
      };
      const [whole, down, busy] = await Promise.all([run('onward'), run('down'), run('busy')]);
      // Jitter of a fortieth on either side, and the time from one kubectl to the next.
      const slack = lifetime / 40 + 2_500;
      for (const { username, failed, said, gaps, calls } of [whole, down, busy]) {
        console.log(
          `${username}: ${calls} calls, renewed after ${gaps.map((gap) => (gap / 1000).toFixed(1)).join(' s, ')} s`,
        );
        expect(failed).toEqual([]);
        expect(calls).toBeGreaterThan(Math.min(total / 2_000, 15));
        expect(gaps.length).toBeGreaterThanOrEqual(2);
        expect(Math.abs((gaps[0] ?? 0) - (lifetime * 2) / 3)).toBeLessThan(slack);
        const mayBeLate = username === whole.username ? 0 : brokenFor + lifetime / 3;
        expect(gaps[1]).toBeGreaterThan((lifetime * 2) / 3 - slack);
        expect(gaps[1]).toBeLessThan((lifetime * 2) / 3 + slack + mayBeLate);
        // The third renewal would be one certificate too many, which is said, and the old one goes on to work.
        const about = said.filter((line) => !line.includes('renews later'));
        if (username === whole.username) expect(about).toEqual([]);
        else for (const line of about) expect(line).toContain('could not be renewed and works until');
        expect(about.length > 0).toBe(username !== whole.username);
        expect((await issuedTo(username)).filter(({ renewal }) => renewal !== null).length).toBe(gaps.length);
      }
    },
    minutes * 60_000 + 240_000,
  );

  it.each([
    // Each signs in again with its token, or renews by the key that it has.
    [
      'nothing',
      async (home: ReturnType<typeof newHome>) => {
        home.forget();
      },
    ],
    ['an expired certificate', (home: ReturnType<typeof newHome>) => home.change({ renewAt: 0, notAfter: 1 })],
  ])('asks once for ten kubectl with %s in the cache', async (_what, spoil) => {
    const home = newHome();
    const username = `many-${homes.length}`;
    await home.login(username);
    await spoil(home);
    const before = (await issuedTo(username)).length;
    const token = { KUBEPASS_TOKEN: service.tokenOf('alice') };
    const all = await Promise.all(
      Array.from({ length: 10 }, () => home.kubectl(['get', 'namespaces', '--output=name'], token)),
    );
    expect(all.filter(({ code }) => code !== 0).map(({ stderr }) => stderr)).toEqual([]);
    expect((await issuedTo(username)).length - before).toBe(1);
  });

  it('moves a damaged cache aside, says so, and goes on', async () => {
    const { login, kubectl, cache } = newHome();
    await login('damaged');
    writeFileSync(join(cache(), 'credential.json'), 'half a fi');
    const answer = await kubectl(['get', 'namespaces'], { KUBEPASS_TOKEN: service.tokenOf('alice') });
    expect(answer.code).toBe(0);
    expect(answer.stderr).toMatch(
      /^kubepass: the cache is damaged; it is moved aside to \S+credential\.json\.damaged-\d+\n$/,
    );
    const aside = readdirSync(cache()).find((name) => name.includes('damaged')) ?? '';
    expect(readFileSync(join(cache(), aside), 'utf8')).toBe('half a fi');
    expect((await kubectl(['get', 'namespaces'])).stderr).toBe('');
  });

  it('goes on within ten seconds after the holder of the lock was killed', async () => {
    const { login, kubectl, environment, cache, forget } = newHome();
    await login('killed');
    forget();
    mode = 'silent';
    const token = { KUBEPASS_TOKEN: service.tokenOf('alice') };
    const args = ['get-credential', ...loginArguments('killed').slice(1)];
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

  it.each([
    [
      'the certificate is revoked',
      (fingerprint: string) => `/v1/certificates/${fingerprint}/revoke`,
      { reason: 'privilegeWithdrawn' },
    ],
    [
      'the identity is blocked',
      (_fingerprint: string, username: string) => `/v1/identities/${username}/block`,
      { reason: 'unspecified' },
    ],
  ])('ends with a sentence, no loop and no browser when %s, and works after a login', async (what, path, body) => {
    const { login, kubectl, cache, home } = newHome();
    const username = what.replaceAll(' ', '-');
    await login(username);
    const [certificate] = await issuedTo(username);
    const url = path(certificate?.fingerprintSha256 ?? '', username);
    await service.as('root')('post', url).send(body).expect(200);
    const opened = join(home, 'opened');
    const late = {
      NODE_OPTIONS: `--require=${movedClock}`,
      KUBEPASS_TEST_CLOCK_AHEAD: '430000',
      BROWSER: join(home, 'browser'),
    };
    writeFileSync(late.BROWSER, `#!/bin/sh\n: >${opened}\n`, { mode: 0o700 });
    asks = [];
    const answer = await kubectl(['get', 'namespaces'], late);
    expect(answer.code).toBe(1);
    // Blocking revokes.
    expect(answer.stderr).toContain('the certificate is revoked');
    expect(answer.stderr).toContain('kubectl kubepass login');
    // The second one says the time of kubepass, because the clock here is wrong.
    expect(asks.length).toBeLessThanOrEqual(2);
    expect(existsSync(opened)).toBe(false);
    expect(readdirSync(cache())).toContain('refusal.json');
    if (what === 'the identity is blocked') {
      const refused = await kubectl(['kubepass', ...loginArguments(username)], {
        KUBEPASS_TOKEN: service.tokenOf('alice'),
      });
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is blocked') as string });
      await service.as('root')('post', url.replace('/block', '/unblock')).send({}).expect(200);
    }
    const again = await login(username);
    expect(again.stdout).toContain(`You are ${username} in team-a`);
    expect((await kubectl(['get', 'namespaces'])).code).toBe(0);
  });

  const fifty = () => {
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
    return lines.join('\n');
  };
  type View = Record<'clusters' | 'users' | 'contexts', readonly { readonly name: string }[]>;
  const viewOf = async (
    kubectl: ReturnType<typeof newHome>['kubectl'],
    more: Readonly<Record<string, string>> = {},
  ) => {
    const { stdout, code, stderr } = await kubectl(['config', 'view', '--raw', '--output=json'], more);
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout) as View;
  };
  const withoutMerged = (view: View): View => ({
    ...view,
    ...Object.fromEntries(
      (['clusters', 'users', 'contexts'] as const).map((section) => [
        section,
        view[section].filter(({ name }) => !name.includes('merged')),
      ]),
    ),
  });

  it('leaves fifty other contexts as they are', async () => {
    const { login, kubectl, config } = newHome();
    mkdirSync(dirname(config), { mode: 0o700 });
    writeFileSync(config, fifty(), { mode: 0o600 });
    const before = await viewOf(kubectl);
    await login('merged');
    const after = await viewOf(kubectl);
    expect(after).toMatchObject({ 'current-context': 'x7' });
    for (const section of ['clusters', 'users', 'contexts'] as const) expect(after[section]).toHaveLength(51);
    expect(withoutMerged(after)).toEqual(before);
    expect(readFileSync(config, 'utf8')).toContain('# of the team');
    expect(readFileSync(`${config}.kubepass-backup`, 'utf8')).toBe(fifty());
    for (const file of [config, `${config}.kubepass-backup`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await kubectl(['--context=merged@real', 'get', 'namespaces'])).code).toBe(0);
  });

  it('changes the first of several kubeconfigs, behind a link, and no octet of the others', async () => {
    const { login, kubectl, home } = newHome();
    const [own, other, real] = ['own', 'other', 'real'].map((name) => join(home, name)) as [string, string, string];
    writeFileSync(real, fifty().replaceAll(/\b([cux])(\d+)\b/g, '$1-a$2'), { mode: 0o600 });
    symlinkSync(real, own);
    writeFileSync(other, fifty(), { mode: 0o600 });
    const several = { KUBECONFIG: [own, other].join(delimiter) };
    const before = await viewOf(kubectl, several);
    expect(before.contexts).toHaveLength(100);
    await login('merged', [], several);
    expect(withoutMerged(await viewOf(kubectl, several))).toEqual(before);
    expect(readFileSync(other, 'utf8')).toBe(fifty());
    expect(lstatSync(own).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toContain('merged@real');
    expect(readdirSync(home).sort()).toEqual(['.kube', 'other', 'own', 'real', 'real.kubepass-backup']);
    for (const file of [other, real, `${real}.kubepass-backup`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    const whoami = await kubectl(['--context=merged@real', 'auth', 'whoami', '--output=json'], several);
    expect(JSON.parse(whoami.stdout)).toMatchObject({ status: { userInfo: { username: 'merged' } } });
  });

  it('leaves fifty other contexts as they are wherever kill -9 ends the login, and the next login goes on', async () => {
    const { kubectl, config, environment, home } = newHome();
    mkdirSync(dirname(config), { mode: 0o700 });
    const original = join(home, 'original');
    writeFileSync(original, fifty(), { mode: 0o600 });
    copyFileSync(original, config);
    const before = await viewOf(kubectl);
    let at = 1;
    for (let code: number | null = null; code === null; at += 1) {
      rmSync(config, { force: true });
      copyFileSync(original, config);
      const child = spawn(
        join(bin, 'node'),
        [`--require=${helper('kill-at.cjs')}`, join(bin, 'kubectl-kubepass'), ...loginArguments('merged')],
        {
          env: environment({
            KUBEPASS_TOKEN: service.tokenOf('alice'),
            KUBEPASS_TEST_KILL_AT: String(at),
            KUBEPASS_TEST_KILL_PATH: config,
          }),
          stdio: 'ignore',
        },
      );
      code = await new Promise((resolve) => child.once('exit', resolve));
      const after = await viewOf(kubectl);
      expect(withoutMerged(after), `killed at call ${at}`).toEqual(before);
      expect([50, 51]).toContain(after.contexts.length);
      for (const name of readdirSync(dirname(config)))
        if (name.startsWith('config')) expect(statSync(join(dirname(config), name)).mode & 0o077, name).toBe(0);
    }
    // The last one was not killed, and took over what the one before it had left.
    expect(at).toBeGreaterThan(10);
    expect((await viewOf(kubectl)).contexts).toHaveLength(51);
    // Nobody knows of a claim on the lock who has made it, so that stays for a day.
    const isClaim = (name: string) => /\.lock\.[0-9a-f]{16}\.tmp$/.test(name);
    const left = readdirSync(dirname(config)).filter((name) => name.startsWith('config') && !isClaim(name));
    expect(left.sort()).toEqual(['config', 'config.kubepass-backup']);
    expect(statSync(config).mode & 0o777).toBe(0o600);
  });

  it('signs in with the service-account token of a pod, and takes the new one after it was replaced', async () => {
    await succeed(plane, ['apply', '--filename', tokenRights]);
    await succeed(plane, ['create', 'namespace', 'jobs']);
    await succeed(plane, ['create', 'serviceaccount', 'deployer', '--namespace=jobs']);
    const { kubectl, home, forget } = newHome();
    const mount = join(home, 'token');
    mkdirSync(mount);
    // As kubelet does it: the name leads over a link to the folder of the newest token.
    const project = async (revision: string) => {
      const token = await succeed(plane, ['create', 'token', 'deployer', '--namespace=jobs', '--audience=kubepass']);
      mkdirSync(join(mount, `..${revision}`));
      writeFileSync(join(mount, `..${revision}`, 'token'), token.trim());
      rmSync(join(mount, '..data'), { force: true });
      symlinkSync(`..${revision}`, join(mount, '..data'));
      return token.trim();
    };
    const first = await project('2026_1');
    symlinkSync('..data/token', join(mount, 'token'));
    expect((await service.anonymous('get', '/v1/callers').expect(200)).body).toMatchObject({
      serviceAccounts: [{ cluster: 'real', audience: 'kubepass' }],
    });
    const login = () => kubectl(['kubepass', ...loginArguments('deployer'), '--token-file', join(mount, 'token')]);
    await expect.poll(async () => (await login()).stderr, { timeout: 20_000, interval: 500 }).toBe('');
    const whoami = await kubectl(['auth', 'whoami', '--output=json']);
    expect(JSON.parse(whoami.stdout)).toMatchObject({
      status: { userInfo: { username: 'deployer', groups: ['team-a', 'system:authenticated'] } },
    });
    const [issued] = await issuedTo('deployer');
    const request = issued === undefined ? null : await service.store.requests.find(issued.requestId);
    expect(request?.requester.name).toBe('system:serviceaccount:jobs:deployer');
    // Without a certificate kubectl signs in by itself, with the token that is there now.
    forget();
    const second = await project('2026_2');
    expect((await kubectl(['get', 'namespaces'])).code).toBe(0);
    for (const token of [first, second]) expect(service.log()).not.toContain(token.split('.')[2]);
  });

  it('works by the kubeconfig that kubepass gives out, and completes its commands', async () => {
    const { kubectl, home } = newHome();
    // kubectl reads the JSON as it is.
    const answer = await service.as('alice')('get', '/v1/clusters/real/kubeconfig').expect(200);
    const file = join(home, 'given.kubeconfig');
    writeFileSync(file, answer.text, { mode: 0o600 });
    const token = { KUBEPASS_TOKEN: service.tokenOf('alice') };
    const tooEarly = await kubectl([`--kubeconfig=${file}`, 'auth', 'whoami'], token);
    expect(tooEarly).toMatchObject({ code: 1, stderr: expect.stringContaining('you have not logged in at') as string });
    // The file has the address at which it was asked for.
    const [, command = ''] = /run: kubectl (kubepass login .*)/.exec(tooEarly.stderr) ?? [];
    expect(command).toContain(`--server ${service.address} `);
    const loggedIn = await kubectl([...command.split(' '), '--username', 'somebody'], token);
    expect(loggedIn.code, loggedIn.stderr).toBe(0);
    const whoami = await kubectl([`--kubeconfig=${file}`, 'auth', 'whoami', '--output=json'], token);
    expect(JSON.parse(whoami.stdout)).toMatchObject({ status: { userInfo: { username: 'alice' } } });
    const completion = await kubectl(['__complete', 'kubepass', 'log'], {});
    expect(completion.stdout).toContain('login');
    expect(completion.stdout).toContain('logout');
  });

  it('has left no key of all these anywhere but in the caches', async () => {
    const keys = homes.flatMap((home) => home.keys());
    expect(keys.length).toBeGreaterThan(8);
    const searched = new Map<string, Buffer>([
      ...filesBelow(service.dataDir),
      ['the rows of the database', rowsOf(join(service.dataDir, 'kubepass.db'))],
      ['the HTTP traffic', Buffer.concat(traffic)],
      ['the log', Buffer.from(service.log())],
    ]);
    expect([...searched.keys()].map((file) => file.replace(`${service.dataDir}/`, ''))).toEqual(
      expect.arrayContaining(['kubepass.db', 'kubepass.db-wal']),
    );
    for (const key of keys) {
      const traces = tracesOfKey(key);
      expect([...searched].filter(([, octets]) => holdsAny(octets, traces)).map(([where]) => where)).toEqual([]);
    }
    expect(searched.get('the HTTP traffic')?.includes('BEGIN CERTIFICATE REQUEST')).toBe(true);
  });
});
