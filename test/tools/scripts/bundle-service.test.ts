// Tests scripts/bundle-service.mjs, scripts/former-commands.mjs
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Call, callTo } from '../../crash/ledger.js';
import { useProcesses } from '../../http/support/serving-process.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { kubepassRules } from '../../helpers/fake-api-server/rbac.js';
import { aPolicy } from '../../helpers/policies.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { formerCommands } from '../../../scripts/former-commands.mjs';
import { read, root } from '../docs/pages.js';

/** It has what the image has beside `dist/`, so that nothing is found from where the sources lie. */
const home = temporaryDirectory();
const dist = join(home.path, 'dist');
const files = (): readonly string[] => globSync('**/*.*', { cwd: dist });
beforeAll(() => {
  for (const beside of ['node_modules', 'package.json', 'prisma', 'openapi', 'docs'])
    symlinkSync(join(root, beside), join(home.path, beside));
  execFileSync(process.execPath, [join(root, 'scripts', 'bundle-service.mjs'), dist]);
});
afterAll(() => {
  home.remove();
});

const everyMatch = (texts: readonly string[], pattern: RegExp): readonly string[] => [
  ...new Set(texts.flatMap((file) => [...read(file).matchAll(pattern)].map(([, found = '']) => found))),
];

describe('the bundle of the service', () => {
  const naming = globSync(['package.json', 'Dockerfile', 'docker-compose*.yml', 'docs/*.md', 'deploy/**/*.*'], {
    cwd: root,
  });
  const programs = everyMatch(naming, /\bdist\/([\w-]+)\.js\b/g);

  it('has every program that a page, a manifest or an image names', () => {
    expect(programs).toContain('kubepass');
    expect(programs.filter((program) => !existsSync(join(dist, `${program}.js`)))).toEqual([]);
  });

  it('loads a verb when it is called, and nothing but signals before the service', () => {
    const program = readFileSync(join(dist, 'kubepass.js'), 'utf8');
    expect(Buffer.byteLength(program)).toBeLessThan(10_000);
    const [...loaded] = program.matchAll(/^import (?:.* from )?"\.\/(chunks\/[^"]+)";$/gm);
    for (const [, chunk = ''] of loaded) expect(readFileSync(join(dist, chunk)).length, chunk).toBeLessThan(5_000);
    expect([...program.matchAll(/\bimport\("\.\/chunks\//g)].length).toBeGreaterThan(10);
  });

  it('has every thread, where the code that starts it looks', () => {
    const sources = globSync('src/**/*.ts', { cwd: root });
    const starts = sources.flatMap((file) =>
      [...read(file).matchAll(/(?<!function )\bworkerFile\((?:\s*import\.meta\.url,\s*'([\w-]+)'\))?/g)].map(
        ([call, name]) => ({ file, call, thread: name && join(dirname(file), name).replace(/^src\//, '') }),
      ),
    );
    expect(starts.length).toBeGreaterThan(4);
    expect(starts.filter(({ thread }) => !thread || !existsSync(join(dist, `${thread}.js`)))).toEqual([]);
  });

  it('names no place of the machine that made it', () => {
    const checkout = resolve(root);
    expect(files().length).toBeGreaterThan(20);
    expect(files().filter((file) => readFileSync(join(dist, file), 'utf8').includes(checkout))).toEqual([]);
  });

  it('names the source of each module in a comment', () => {
    const text = files().map((file) => readFileSync(join(dist, file), 'utf8'));
    expect(text.filter((chunk) => chunk.includes('\n// src/start/app.ts\n'))).toHaveLength(1);
    expect(text.filter((chunk) => chunk.includes('\n// packages/inspect/src/inspect.ts\n'))).not.toHaveLength(0);
  });
});

/** Runs a command to its end. There is no configuration, and its data dir is absent. */
function run(...command: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], KUBEPASS_DATA_DIR: join(home.path, 'absent') },
  });
  return { status, stdout, stderr };
}

describe('the former commands', () => {
  const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
  const programs = formerCommands.flatMap(({ program, verb }) =>
    program === undefined ? [] : [{ name: `dist/${program}.js`, call: [join(dist, `${program}.js`)], verb }],
  );
  const runs = formerCommands.flatMap(({ script, verb }) =>
    script === undefined
      ? []
      : [{ name: `npm run ${script}`, call: ['--import', 'tsx', 'scripts/former-commands.mjs', script], verb }],
  );
  const noticeOf = (name: string, verb: string) =>
    `${name} is a former command, and the next version lacks it. The new command is ` +
    `${name.startsWith('npm') ? 'npm run kubepass --' : 'dist/kubepass.js'} ${verb}\n`;

  it('are the commands that were there before the verbs', () => {
    expect(programs.map(({ name }) => name.slice('dist/'.length, -'.js'.length)).sort()).toEqual([
      ...['admin-token', 'backup', 'client-ca-file', 'kubepass-verify', 'migrate', 'policy-check', 'restore'],
      ...['revocation-file', 'server', 'upgrade-drill'],
    ]);
    expect(runs.map(({ name }) => name.slice('npm run '.length)).sort()).toEqual([
      ...['admin-token', 'backup', 'check-config', 'client-ca-file', 'inspect', 'migrate', 'policy:check', 'restore'],
      ...['revocation-file', 'upgrade:drill', 'verify'],
    ]);
    for (const { name, call } of runs)
      expect(scripts[name.slice('npm run '.length)]).toBe(
        `node scripts/setup.mjs && tsx ${call.slice('--import tsx'.split(' ').length).join(' ')}`,
      );
  });

  // A program of the sources takes seconds to start, so two scripts stand for all: their verbs have one word and two.
  const some = runs.filter(({ name }) => /(?:verify|policy:check)$/.test(name));
  it.each([...programs, ...some])('$name does what kubepass $verb does, and says so once', ({ name, call, verb }) => {
    const program = [join(dist, 'kubepass.js'), ...verb.split(' ')];
    const isProgram = name.startsWith('dist/');
    for (const args of [...(isProgram ? [['--help']] : []), ...(verb === 'serve' ? [] : [['./absent']])]) {
      const now = run(...program, ...args);
      expect({ ...run(...call, ...args), args }).toEqual({
        ...now,
        stderr: `${noticeOf(name, verb)}${now.stderr}`,
        args,
      });
    }
  });

  it('dist/server.js checks the configuration with an option, and tells the version of kubepass', () => {
    const server = join(dist, 'server.js');
    const now = run(join(dist, 'kubepass.js'), 'check-config');
    expect(now.status).toBe(0);
    expect(run(server, '--check-config')).toEqual({
      ...now,
      stderr: `${noticeOf('dist/server.js', 'check-config')}${now.stderr}`,
    });
    expect(run(server, '--version').stdout).toMatch(/^kubepass \d+\.\d+\.\d+\n$/);
  });
});

describe('the service from its bundle', () => {
  const { start, inDirectory } = useProcesses();

  /** Starts it as `npm start` does. Its admin calls it. */
  async function started(environment: Readonly<Record<string, string>> = {}) {
    const nodeOptions = ['--disable-sigusr1', '--secure-heap=16777216'];
    const service = start({ program: join(dist, 'kubepass.js'), nodeOptions, environment });
    const address = await service.address();
    const call = callTo(
      () => address,
      () => service.adminToken(),
    );
    return { service, call };
  }

  /** Asks for a kubeconfig of jane. Answers its certificate. */
  async function issue(call: Call): Promise<string> {
    const issued = await call('POST', '/v1/kubeconfigs', JSON.stringify({ username: 'jane', groups: ['team-a'] }));
    expect(issued.status, issued.text).toBe(201);
    const { certificate } = JSON.parse(issued.text) as { certificate: { pem: string } };
    expect(new X509Certificate(certificate.pem).subject).toContain('CN=jane');
    return certificate.pem;
  }

  it('issues, inspects, tries drafts, and shows its documentation', async () => {
    const { service, call } = await started();
    const pem = await issue(call);

    // A single object would be inspected without a thread.
    const inspected = await call('POST', '/v1/inspections', `${pem}\n${pem}`, { 'content-type': 'text/plain' });
    expect(inspected.status, inspected.text).toBe(200);
    expect(JSON.parse(inspected.text)).toMatchObject({ objects: [{ type: 'Certificate', role: 'User' }, {}] });

    const body = { username: 'jane', groups: ['elsewhere'], policies: [aPolicy('draft', { groups: ['elsewhere'] })] };
    const evaluated = await call('POST', '/v1/policies/evaluate', JSON.stringify(body));
    expect(evaluated.status, evaluated.text).toBe(200);
    expect(JSON.parse(evaluated.text)).toMatchObject({ outcome: 'permitted', policy: 'draft' });

    const docs = await call('GET', '/docs');
    expect(docs.status).toBe(200);
    const links = [...docs.text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(4);
    const paths = links.map((link) => new URL(link, 'http://service/docs').pathname);
    for (const path of [...paths, '/openapi.json', '/docs/api.md'])
      expect([path, (await call('GET', path)).status]).toEqual([path, 200]);

    service.child.kill('SIGTERM');
    expect(await service.ended).toEqual([0, null]);
    expect(service.complaints()).toBe('');
  });

  it('has a cluster sign', async () => {
    const server = await FakeApiServer.start();
    try {
      server.rbac.allowUser('kubepass', kubepassRules);
      const [kubeconfig, config] = [inDirectory('kubeconfig'), inDirectory('kubepass.yaml')];
      writeFileSync(kubeconfig, await server.kubeconfig({ username: 'kubepass' }), { mode: 0o600 });
      const demo = { name: 'demo', server: server.url, signer: 'kubernetes', kubeconfig };
      writeFileSync(config, JSON.stringify({ clusters: [demo] }));
      const { service, call } = await started({ KUBEPASS_CONFIG: config });
      await issue(call);
      service.child.kill('SIGTERM');
      expect(await service.ended).toEqual([0, null]);
      expect(service.complaints()).toBe('');
    } finally {
      await server.close();
    }
  });
});
