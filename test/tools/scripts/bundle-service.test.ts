// Tests scripts/bundle-service.mjs
import { execFileSync } from 'node:child_process';
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
    expect(programs).toEqual(expect.arrayContaining(['server', 'backup', 'restore', 'migrate', 'kubepass-verify']));
    expect(programs.filter((program) => !existsSync(join(dist, `${program}.js`)))).toEqual([]);
  });

  it.each(programs.filter((program) => program !== 'server'))('has %s, which says how it is used', (program) => {
    const help = execFileSync(process.execPath, [join(dist, `${program}.js`), '--help'], { encoding: 'utf8' });
    expect(help).toMatch(/^usage: /i);
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

describe('the service from its bundle', () => {
  const { start, inDirectory } = useProcesses();

  /** Starts it as `npm start` does. Its admin calls it. */
  async function started(environment: Readonly<Record<string, string>> = {}) {
    const nodeOptions = ['--disable-sigusr1', '--secure-heap=16777216'];
    const service = start({ program: join(dist, 'server.js'), nodeOptions, environment });
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
