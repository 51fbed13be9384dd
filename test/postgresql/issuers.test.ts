// Tests src/signing/issuer-records.ts, src/clusters/issuers/activate-issuer.ts, src/clusters/issuers/follow-issuers.ts
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { startChild, type ChildService } from '../crash/child-service.js';
import { callTo, everyItem, type Call } from '../crash/ledger.js';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { testPolicies } from '../helpers/issuance.js';
import { freshDatabase, type TestDatabase } from '../helpers/postgresql/databases.js';
import { makeCa } from '../helpers/several-issuers.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const callers = 32;
const [before, after, added] = ['users-2026', 'users-2027', 'users-2028'] as const;
const directory = temporaryDirectory();
const at = (name: string) => join(directory.path, name);
const replicas: ChildService[] = [];
let apiServer: FakeApiServer;
let database: TestDatabase;
let calls: readonly Call[];

const issuerOf = (name: string) =>
  `{ name: ${name}, certFile: ${at(`${name}.crt`)}, key: { file: ${at(`${name}.key`)} } }`;

/** The configuration file of a replica that has these issuers of `demo`. */
function configWith(file: string, issuers: readonly string[]): string {
  const cluster = (name: string, its: readonly string[]) => `
  - name: ${name}
    server: ${apiServer.url}
    servingCertificateAuthority: ${at('serving.crt')}
    signer: { localCA: { issuers: [${its.map(issuerOf).join(', ')}] } }`;
  writeFileSync(at(file), `clusters:${cluster('demo', issuers)}${cluster('other', ['others'])}\n`);
  return at(file);
}

async function start(configFile: string): Promise<Call> {
  const environment = { DATABASE_URL: database.url, KUBEPASS_CONFIG: configFile };
  const replica = await startChild(at('data'), at('policies'), undefined, environment);
  replicas.push(replica);
  return callTo(
    () => replica.address,
    () => readFileSync(join(at('data'), 'admin-token'), 'utf8').trim(),
  );
}

beforeAll(async () => {
  apiServer = await FakeApiServer.start();
  database = await freshDatabase(inject('databases'));
  mkdirSync(at('policies'));
  writeFileSync(at('policies/test.yaml'), testPolicies.replaceAll('clusters: [demo]', 'clusters: ["*"]'));
  writeFileSync(at('serving.crt'), apiServer.servingAuthority.pem);
  let trusted = '';
  for (const name of [before, after, added, 'others']) {
    const { pem, key } = makeCa(name);
    writeFileSync(at(`${name}.crt`), pem);
    writeFileSync(at(`${name}.key`), key.pem, { mode: 0o600 });
    trusted += pem;
  }
  apiServer.trustClients(trusted);
  const both = configWith('both.yaml', [before, after]);
  // At once, with a database that has no issuer yet.
  calls = await Promise.all([start(both), start(both)]);
});
afterAll(async () => {
  for (const replica of replicas) await replica.kill();
  await apiServer.close();
  await database.drop();
  directory.remove();
});

interface Event {
  readonly seq: number;
  readonly type: string;
  readonly cluster: string | null;
  readonly details: { readonly issuer?: string; readonly probe?: boolean };
}
const eventsInOrder = async (): Promise<readonly Event[]> =>
  (await everyItem<Event>(calls[0]!, '/v1/audit-events')).sort((one, other) => one.seq - other.seq);

async function statesAt(call: Call): Promise<Readonly<Record<string, string>>> {
  const items = await everyItem<{ name: string; state: string }>(call, '/v1/clusters/demo/issuers');
  return Object.fromEntries(items.map(({ name, state }) => [name, state]));
}

/** Has the issuer sign from now on. A busy machine may answer a probe too late: it is tried again. */
async function activate(call: Call, name: string): Promise<void> {
  const answers = async () => (await call('POST', `/v1/clusters/demo/issuers/${name}/activate`, '{}')).status;
  await expect.poll(answers).toBe(200);
}

const askForKubeconfig = (call: Call, cluster: string) =>
  call('POST', '/v1/kubeconfigs', JSON.stringify({ cluster, username: `user-${randomUUID()}`, groups: ['team-a'] }));

const authoritiesOf = (call: Call, cluster: string, role: 'client' | 'serving' = 'client') =>
  call('GET', `/v1/clusters/${cluster}/certificate-authority?role=${role}`, undefined, {
    accept: 'application/pem-certificate-chain',
  });

async function askWithCsr(call: Call) {
  const { pem: csr } = await csrFor(`user-${randomUUID()}`, ['team-a']);
  return call('POST', '/v1/certificate-requests', JSON.stringify({ cluster: 'demo', csr }), { prefer: 'wait=20' });
}

it('two replicas that start at once record each issuer once, and agree on the one that is active', async () => {
  for (const call of calls) expect(await statesAt(call)).toEqual({ [before]: 'active', [after]: 'next' });
  const recorded = (await eventsInOrder()).filter(({ type }) => type === 'CertificateAuthorityPinned');
  expect(recorded.map(({ cluster, details }) => `${cluster ?? ''}/${details.issuer ?? ''}`).sort()).toEqual([
    `demo/${before}`,
    `demo/${after}`,
    'other/others',
  ]);
});

it('32 callers of two replicas lose no request while the issuers change places, and the one that left begins nothing', async () => {
  const answered: { readonly status: number; readonly issuer: string; readonly text: string }[] = [];
  let running = true;
  const load = Array.from({ length: callers }, async (_, i) => {
    const call = calls[i % calls.length]!;
    const ask = i % 4 < 2 ? () => askForKubeconfig(call, 'demo') : () => askWithCsr(call);
    while (running) {
      const { status, text } = await ask();
      const { certificate } = JSON.parse(text) as { readonly certificate?: { readonly issuer: string } | null };
      answered.push({ status, text, issuer: certificate?.issuer ?? '' });
    }
  });
  /** Every caller got an answer, and those of now are by this issuer. */
  const untilSignedBy = async (name: string) => {
    const from = answered.length;
    const signed = () => answered.slice(from).filter(({ issuer }) => issuer === `CN=${name}`).length;
    await expect
      .poll(() => answered.slice(from).some(({ status }) => status !== 201) || signed() >= callers)
      .toBe(true);
  };
  await untilSignedBy(before);
  for (let round = 0; round < 3; round++) {
    await activate(calls[round % 2]!, after);
    await untilSignedBy(after);
    await activate(calls[(round + 1) % 2]!, before);
    await untilSignedBy(before);
  }
  running = false;
  await Promise.all(load);

  expect(answered.filter(({ status }) => status !== 201).map(({ text }) => text)).toEqual([]);
  const requests = await everyItem<{ state: string }>(calls[0]!, '/v1/certificate-requests');
  expect(requests.filter(({ state }) => state !== 'issued')).toEqual([]);
  expect(requests.length).toBeGreaterThanOrEqual(answered.length);

  let active: string = before;
  const begun = new Map<string, number>();
  let activations = 0;
  for (const { type, cluster, details } of await eventsInOrder()) {
    const issuer = details.issuer ?? '';
    if (type === 'IssuerActivated') {
      active = issuer;
      activations += 1;
    } else if (type === 'IssuanceStarted' && details.probe !== true) {
      expect([cluster, issuer]).toEqual(['demo', active]);
      begun.set(issuer, (begun.get(issuer) ?? 0) + 1);
    }
  }
  expect(activations).toBe(6);
  expect(begun.get(before)! + begun.get(after)!).toBe(answered.length);
  for (const name of [before, after])
    expect(begun.get(name)).toBe(answered.filter(({ issuer }) => issuer === `CN=${name}`).length);
  for (const call of calls) expect(await statesAt(call)).toEqual({ [before]: 'active', [after]: 'retiring' });
});

it('two replicas that start at once with a new issuer in their configuration record it once, beside those that lack it', async () => {
  const { length } = await eventsInOrder();
  const three = configWith('three.yaml', [added, before, after]);
  const newer = await Promise.all([start(three), start(three)]);
  const states = { [added]: 'next', [before]: 'active', [after]: 'retiring' };
  for (const call of [...newer, ...calls]) expect(await statesAt(call)).toEqual(states);
  const recorded = (await eventsInOrder())
    .slice(length)
    .filter(({ type }) => type === 'CertificateAuthorityPinned' || type === 'IssuerActivated');
  expect(recorded).toMatchObject([{ cluster: 'demo', details: { issuer: added } }]);
  for (const call of [...newer, ...calls]) expect((await askForKubeconfig(call, 'demo')).status).toBe(201);
});

interface Component {
  readonly name: string;
  readonly state: string;
  readonly figures: Readonly<Record<string, number>>;
}

it('a replica without the active issuer is unavailable for that cluster alone, says so, and needs no restart', async () => {
  const lacking = await start(configWith('lacking.yaml', [before]));
  const authorities = async () => {
    const { status, text } = await lacking('GET', '/readyz?verbose');
    const { components } = JSON.parse(text) as { readonly components: readonly Component[] };
    return { status, ...components.find(({ name }) => name === 'certificate-authorities') };
  };
  expect((await askForKubeconfig(lacking, 'demo')).status).toBe(201);
  expect(await authorities()).toMatchObject({ status: 200, state: 'ok', figures: { held: 2 } });

  await activate(calls[0]!, after);
  const events = (await eventsInOrder()).length;
  for (const ask of [() => askForKubeconfig(lacking, 'demo'), () => askWithCsr(lacking)]) {
    const refused = await ask();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect((JSON.parse(refused.text) as { type: string }).type).toBe('urn:kubepass:problem:service-unavailable');
  }
  expect((await eventsInOrder()).slice(events).filter(({ type }) => type === 'IssuanceStarted')).toEqual([]);
  expect((await askForKubeconfig(lacking, 'other')).status).toBe(201);
  expect(await authorities()).toMatchObject({ status: 200, state: 'degraded', figures: { held: 1, notLoaded: 1 } });
  expect((await askForKubeconfig(calls[1]!, 'demo')).status).toBe(201);
  // A node that put them in place would lock out all whom the active issuer serves.
  for (const [cluster, status] of [
    ['demo', 503],
    ['other', 200],
  ] as const)
    expect((await authoritiesOf(lacking, cluster)).status).toBe(status);
  expect((await authoritiesOf(lacking, 'demo', 'serving')).status).toBe(200);
  const { text } = await authoritiesOf(calls[1]!, 'demo');
  for (const name of [before, after]) expect(text).toContain(readFileSync(at(`${name}.crt`), 'utf8'));

  await activate(calls[1]!, before);
  await expect.poll(async () => (await askForKubeconfig(lacking, 'demo')).status).toBe(201);
  await expect.poll(async () => (await authorities()).state).toBe('ok');
});
