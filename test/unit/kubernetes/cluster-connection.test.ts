// Tests src/kubernetes/cluster-connection.ts, src/kubernetes/api-server.ts
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { type ClusterConnection, openClusterConnection } from '../../../src/kubernetes/cluster-connection.js';
import { newCsr } from '../../contract/cluster-under-contract.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { issue, makeAuthority } from '../../helpers/fake-api-server/serving-certificate.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
const admin = { username: 'admin', groups: ['system:masters'] };
let server: FakeApiServer;
let connection: ClusterConnection;
const opened: ClusterConnection[] = [];
let files = 0;

async function open(kubeconfig: string): Promise<ClusterConnection> {
  const file = join(directory.path, `kubeconfig-${files++}`);
  writeFileSync(file, kubeconfig);
  const connected = await openClusterConnection({ kind: 'kubeconfig', file, context: null }, { allowExec: false });
  opened.push(connected);
  return connected;
}

/** The fake's kubeconfig with other credentials in it. */
async function kubeconfigWith(user: object): Promise<string> {
  return stringify({ ...(parse(await server.kubeconfig(admin)) as object), users: [{ name: 'user', user }] });
}

beforeAll(async () => {
  server = await FakeApiServer.start();
  connection = await open(await server.kubeconfig(admin));
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await server.close();
  directory.remove();
});
afterEach(() => {
  vi.useRealTimers();
});

const list = { to: /^GET .*certificatesigningrequests$/, times: 1 };

describe('answers that ask to come again', () => {
  it.each([429, 503])('%i with Retry-After', async (status) => {
    server.fail({ ...list, answer: { status, headers: { 'retry-after': '7' }, body: 'busy' } });
    await expect(connection.csrs.list()).rejects.toMatchObject({
      name: 'ClusterUnavailableError',
      retryAfterSeconds: 7,
    });
  });

  it.each([
    ['500', { status: 500 }],
    ['504 from a proxy', { status: 504, headers: { 'content-type': 'text/html' }, body: '<h1>Gateway Timeout</h1>' }],
    ['a 200 that is no JSON', { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Log in</h1>' }],
    ['a 404 of something else', { status: 404, body: '404 page not found' }],
    ['a 410', { status: 410 }],
    ['a login page that it redirects to', { status: 302, headers: { location: 'https://login.example/' } }],
    ['a connection that breaks', 'reset' as const],
  ])('%s', async (_, answer) => {
    server.fail({ ...list, answer });
    await expect(connection.csrs.list()).rejects.toMatchObject({
      name: 'ClusterUnavailableError',
      retryAfterSeconds: null,
    });
  });

  it('an answer that is lost after the object was created', async () => {
    server.fail({ to: /^POST .*certificatesigningrequests$/, times: 1, answer: 'lost' });
    const csr = newCsr((await csrFor('jane')).pem);
    await expect(connection.csrs.create(csr)).rejects.toMatchObject({ name: 'ClusterUnavailableError' });
    expect(await connection.csrs.find(csr.name)).not.toBeNull();
  });
});

it('says so where there is no answer in time', async () => {
  const file = join(directory.path, 'patient');
  writeFileSync(file, await server.kubeconfig(admin));
  const target = { kind: 'kubeconfig', file, context: null } as const;
  const patient = await openClusterConnection(target, { allowExec: false, requestTimeoutMilliseconds: 100 });
  opened.push(patient);
  server.fail({ ...list, answer: 'silence' });
  await expect(patient.csrs.list()).rejects.toThrow(/cannot be reached: it does not answer in time$/);
});

describe('the way to the API server', () => {
  /** The fake's kubeconfig with other properties of the cluster in it. */
  const withCluster = async (properties: object) => {
    const kubeconfig = parse(await server.kubeconfig(admin)) as { clusters: [{ name: string; cluster: object }] };
    const [{ name, cluster }] = kubeconfig.clusters;
    return stringify({ ...kubeconfig, clusters: [{ name, cluster: { ...cluster, ...properties } }] });
  };

  it('leads through the proxy that the kubeconfig names', async () => {
    const asked: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, client: Socket, head: Buffer) => {
      asked.push(request.url ?? '');
      const { hostname, port } = new URL(server.url);
      const through = connect(Number(port), hostname, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        through.write(head);
        client.pipe(through).pipe(client);
      });
      for (const socket of [client, through]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const connected = await open(await withCluster({ 'proxy-url': `http://127.0.0.1:${port}` }));
    expect(await connected.csrs.list()).toEqual(await connection.csrs.list());
    expect(asked).toEqual([new URL(server.url).host]);
    await connected.close();
    proxy.close();
  });

  it('keeps the path that the API server is under', async () => {
    const connected = await open(await withCluster({ server: `${server.url}/k8s/clusters/c-1` }));
    await expect(connected.version()).rejects.toMatchObject({ name: 'ClusterUnavailableError' });
    expect(server.requests.at(-1)).toBe('GET /k8s/clusters/c-1/version');
  });

  it('ends where the certificate is for another name', async () => {
    const connected = await open(await withCluster({ 'tls-server-name': 'elsewhere.example' }));
    expect(connected.tlsServerName).toBe('elsewhere.example');
    await expect(connected.version()).rejects.toThrow('elsewhere.example');
  });
});

it('takes a 403 without words for a missing right', async () => {
  server.fail({ ...list, answer: { status: 403, body: 'no' } });
  await expect(connection.csrs.list()).rejects.toMatchObject({
    name: 'ClusterForbiddenError',
    missing: 'list certificatesigningrequests.certificates.k8s.io',
  });
});

it('keeps its connections', async () => {
  await connection.csrs.list();
  const before = server.connections;
  for (let i = 0; i < 20; i++) await connection.csrs.list();
  expect(server.connections).toBe(before);
});

it('has at most 64 of them, however many calls there are at once', async () => {
  const connected = await open(await server.kubeconfig(admin, 'token'));
  const before = server.connections;
  const answers = await Promise.all(Array.from({ length: 200 }, () => connected.version()));
  expect(answers).toHaveLength(200);
  expect(server.connections - before).toBe(64);
});

it('keeps them when it deletes too, although a DELETE comes with a body', async () => {
  const { pem } = await csrFor('jane');
  await connection.csrs.list();
  const before = server.connections;
  for (let i = 0; i < 5; i++) {
    const csr = await connection.csrs.create(newCsr(pem));
    await connection.csrs.delete(csr);
    expect(await connection.csrs.find(csr.name)).toBeNull();
  }
  expect(server.connections).toBe(before);
});

describe('with an API server that offers HTTP/2 as well and announces no end of idle connections', () => {
  const versions: string[] = [];
  let connections = 0;
  let both: Http2SecureServer;
  let connected: ClusterConnection;

  beforeAll(async () => {
    const authority = await makeAuthority('serving-ca');
    const { certificatePem, privateKeyPem } = await issue(authority, { username: 'kube-apiserver' }, 'serverAuth');
    both = createSecureServer({ allowHTTP1: true, cert: certificatePem, key: privateKeyPem }, (request, answer) => {
      versions.push(request.httpVersion);
      answer.end('{"gitVersion":"v1"}');
    });
    both.on('secureConnection', () => connections++);
    // As a server of Node it would announce one.
    Object.assign(both, { keepAliveTimeout: 0 });
    await new Promise<void>((resolve) => both.listen(0, '127.0.0.1', resolve));
    const kubeconfig = parse(await server.kubeconfig(admin, 'token')) as { clusters: [{ cluster: object }] };
    kubeconfig.clusters[0].cluster = {
      server: `https://127.0.0.1:${(both.address() as AddressInfo).port}`,
      'certificate-authority-data': Buffer.from(authority.pem).toString('base64'),
    };
    connected = await open(stringify(kubeconfig));
  });
  afterAll(async () => {
    await connected.close();
    both.close();
  });

  it('speaks HTTP/1.1', async () => {
    await connected.version();
    expect(versions).toEqual(['1.1']);
  });

  it('keeps a connection for a minute without a call', async () => {
    await connected.version();
    const before = connections;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await connected.version();
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    await connected.version();
    expect(connections).toBe(before);
  });
});

it('lists page by page', async () => {
  const many = await FakeApiServer.start({ oneAuthority: true });
  const spec = { request: '', signerName: 'example.com/x', usages: [], username: 'u', groups: [] };
  for (let i = 0; i < 1201; i++) many.storage.create({ name: `n-${i}` }, spec);
  const connected = await open(await many.kubeconfig(admin));
  const names = (await connected.csrs.list()).map(({ name }) => name);
  expect(new Set(names).size).toBe(1201);
  expect(many.requests).toHaveLength(3);
  await connected.close();
  await many.close();
});

describe('credentials that are replaced', () => {
  it('goes on with a new client certificate, on a new connection', async () => {
    const files = { 'client-certificate': join(directory.path, 'c.crt'), 'client-key': join(directory.path, 'c.key') };
    const write = async (username: string) => {
      const { users } = parse(await server.kubeconfig({ ...admin, username })) as {
        users: [{ user: Record<string, string> }];
      };
      for (const [key, path] of Object.entries(files))
        writeFileSync(path, Buffer.from(users[0].user[`${key}-data`]!, 'base64'));
    };
    await write('first');
    const connected = await open(await kubeconfigWith(files));
    expect((await connected.whoAmI()).username).toBe('first');
    await write('second');
    expect((await connected.whoAmI()).username).toBe('second');
    await connected.csrs.list();
  });

  it('reads a token file again within a minute or so', async () => {
    const tokenFile = join(directory.path, 'token');
    const first = server.token({ ...admin, username: 'first' });
    writeFileSync(tokenFile, `${first}\n`);
    const connected = await open(await kubeconfigWith({ tokenFile }));
    expect((await connected.whoAmI()).username).toBe('first');
    writeFileSync(tokenFile, server.token({ ...admin, username: 'second' }));
    server.revokeToken(first);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    expect((await connected.whoAmI()).username).toBe('second');
  });
});

describe('whoAmI', () => {
  it('asks once per credential, and again after a failure', async () => {
    const connected = await open(await server.kubeconfig({ username: 'jane', groups: ['team-a'] }, 'token'));
    const asked = () => server.requests.filter((line) => line.endsWith('/selfsubjectreviews')).length;
    const before = asked();
    server.fail({ to: /selfsubjectreviews$/, times: 1, answer: { status: 500 } });
    await expect(connected.whoAmI()).rejects.toMatchObject({ name: 'ClusterUnavailableError' });
    const identity = { username: 'jane', groups: ['team-a', 'system:authenticated'], byCertificate: false };
    expect(await Promise.all([connected.whoAmI(), connected.whoAmI()])).toEqual([identity, identity]);
    expect(await connected.whoAmI()).toEqual(identity);
    expect(asked() - before).toBe(2);
  });
});

it('answers null for a client CA that the cluster does not publish', async () => {
  server.publishClientCa(false);
  expect(await connection.clientCertificateAuthority()).toBeNull();
  server.publishClientCa(true);
  expect(await connection.clientCertificateAuthority()).toBe(server.clientAuthority.pem);
});

describe('a review of a token', () => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsia3ViZXBhc3MiXX0.c2lnbmF0dXJlLW9mLWEtdG9rZW4';
  const review = { to: /^POST .*tokenreviews$/, times: 1 };
  const answerOf = (status: object) => ({ status: 201, body: JSON.stringify({ kind: 'TokenReview', status }) });

  it('is a yes where the cluster gives it for the audience', async () => {
    const user = { username: 'system:serviceaccount:ci:deployer', uid: 'a', groups: ['system:serviceaccounts'] };
    server.fail({ ...review, answer: answerOf({ authenticated: true, audiences: ['kubepass'], user }) });
    expect(await connection.reviewToken(token, 'kubepass')).toMatchObject({ verdict: 'authenticated', ...user });
    server.fail({ ...review, answer: answerOf({ authenticated: true, user }) });
    expect(await connection.reviewToken(token, 'kubepass')).toMatchObject({ verdict: 'refused' });
  });

  it.each([
    ['a connection that breaks', 'reset' as const, { retryAfterSeconds: null, missing: null }],
    ['500', { status: 500 }, { retryAfterSeconds: null, missing: null }],
    ['429', { status: 429, headers: { 'retry-after': '7' } }, { retryAfterSeconds: 7, missing: null }],
    ['a page of a proxy', { status: 200, body: '<h1>Log in</h1>' }, { retryAfterSeconds: null, missing: null }],
    ['422', { status: 422 }, { retryAfterSeconds: null, missing: null }],
    ['403', { status: 403 }, { missing: 'create tokenreviews.authentication.k8s.io' }],
    ['401', { status: 401 }, { missing: 'create tokenreviews.authentication.k8s.io' }],
  ])('is neither yes nor no after %s', async (_what, answer, found) => {
    server.fail({ ...review, answer });
    expect(await connection.reviewToken(token, 'kubepass')).toMatchObject({ verdict: 'unavailable', ...found });
  });

  it('does not repeat the token, whatever the cluster says', async () => {
    const [, claims = '', signature = ''] = token.split('.');
    for (const part of [token, signature, claims]) {
      const message = `admission webhook "nosy" denied the request: spec.token ${part} is not to my taste`;
      const body = JSON.stringify({ kind: 'Status', status: 'Failure', message, code: 400 });
      server.fail({ ...review, answer: { status: 400, body } });
      const found = await connection.reviewToken(token, 'kubepass');
      expect(found).toMatchObject({ verdict: 'unavailable' });
      expect(JSON.stringify(found)).toContain('is not to my taste');
      expect(JSON.stringify(found)).not.toContain(part);
    }
  });
});
