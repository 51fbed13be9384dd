// Tests src/requests/recover-requests.ts, src/signing/kubernetes-signer.ts, src/clusters/clear-unrecorded-objects.ts
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { startChild, type ChildService } from '../crash/child-service.js';
import type { CrashPoint } from '../crash/crash-points.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { kubeconfigOfServiceAccount } from './service-account.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const directory = temporaryDirectory();
const dataDir = join(directory.path, 'data');
const policiesDir = join(directory.path, 'policies');
const configFile = join(directory.path, 'kubepass.yaml');

let plane: ControlPlane;
let kubeconfig = '';
let child: ChildService | undefined;

/** `timeoutSeconds`: how long an issuance waits for the cluster's signer. */
const configure = (timeoutSeconds: number) =>
  writeFileSync(
    configFile,
    `clusters:\n  - { name: real, server: "${plane.server}", signer: kubernetes, kubeconfig: ${kubeconfig} }\n` +
      `issuing: { timeoutSeconds: ${timeoutSeconds} }\n`,
  );

const start = async (at?: CrashPoint) => {
  child = await startChild(dataDir, policiesDir, at && { at, on: 1 }, { KUBEPASS_CONFIG: configFile });
};

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${child?.address ?? ''}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()}`,
      accept: '*/*',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

async function read<T>(path: string): Promise<T> {
  return JSON.parse((await call('GET', path, undefined, { accept: 'application/json' })).text) as T;
}

interface Request {
  readonly id: string;
  readonly state: string;
  readonly failure: { readonly reason: string } | null;
}
interface Certificate {
  readonly fingerprintSha256: string;
  readonly requestId: string;
  readonly orphan: boolean;
}

const requestOf = async (username: string) => {
  const { items } = await read<{ items: Request[] }>(`/v1/certificate-requests?username=${username}`);
  return items[0];
};

/** The objects that the cluster has signed and still shows. */
async function signedInCluster(): Promise<string[]> {
  const { items } = JSON.parse(await succeed(plane, ['get', 'csr', '--output=json'])) as {
    items: { status: { certificate?: string } }[];
  };
  return items.flatMap(({ status: { certificate } }) =>
    certificate === undefined
      ? []
      : createHash('sha256')
          .update(new X509Certificate(Buffer.from(certificate, 'base64')).raw)
          .digest('hex'),
  );
}

/** The names of the objects that nobody has approved or denied. */
async function undecidedObjects(): Promise<string[]> {
  const { items } = JSON.parse(await succeed(plane, ['get', 'csr', '--output=json'])) as {
    items: { metadata: { name: string }; status: { conditions?: unknown[] } }[];
  };
  return items.filter(({ status }) => status.conditions === undefined).map(({ metadata }) => metadata.name);
}

/** Nothing is missing from the inventory, no decision was issued twice, and the audit log is valid. */
async function everythingHolds(): Promise<void> {
  const { items } = await read<{ items: Certificate[] }>('/v1/certificates?limit=500');
  const known = new Set(items.map(({ fingerprintSha256 }) => fingerprintSha256));
  for (const fingerprint of await signedInCluster()) expect(known.has(fingerprint)).toBe(true);
  const handedOut = items.filter(({ orphan }) => !orphan).map(({ requestId }) => requestId);
  expect(new Set(handedOut).size).toBe(handedOut.length);
  expect(await read('/v1/audit-events/verification')).toMatchObject({ valid: true });
}

describeControlPlane('an issuance on a real cluster that is interrupted', () => {
  beforeAll(async () => {
    plane = await openControlPlane();
    kubeconfig = await kubeconfigOfServiceAccount(plane, directory.path);
    mkdirSync(policiesDir);
    writeFileSync(join(policiesDir, 'test.yaml'), testPolicies.replaceAll('clusters: [demo]', 'clusters: ["*"]'));
    configure(15);
    // The probe of the first start passes the same points. It is complete before anything is interrupted.
    await start();
    while ((await read<{ probedAt: string | null }>('/v1/clusters/real')).probedAt === null)
      await new Promise((resolve) => setTimeout(resolve, 200));
    await child?.kill();
  });
  afterEach(async () => {
    await child?.kill();
    child = undefined;
  });
  afterAll(async () => {
    await child?.kill();
    await plane.stop();
    directory.remove();
  });

  it.each<CrashPoint>([
    'after the intent is committed',
    'after the object is created',
    'after the object is approved',
    'after the signature',
    'before the outcome is committed',
    'after the outcome is committed',
  ])('by kill -9 %s: the request with a CSR is issued after the restart, once', async (at) => {
    const username = `csr-${createHash('sha256').update(at).digest('hex').slice(0, 12)}`;
    const { pem } = await csrFor(username, ['team-a']);
    await start(at);
    await expect(call('POST', '/v1/certificate-requests', { csr: pem }, { prefer: 'wait=20' })).rejects.toThrow(
      TypeError,
    );
    await child?.gone;

    await start();
    await expect.poll(async () => (await requestOf(username))?.state, { timeout: 30_000 }).toBe('issued');
    await everythingHolds();
  });

  it.each<CrashPoint>([
    'after the object is created',
    'after the object is approved',
    'after the signature',
    'before the outcome is committed',
  ])('by kill -9 %s: the caller collects a new key, and the certificate for the lost key is an orphan', async (at) => {
    const username = `key-${createHash('sha256').update(at).digest('hex').slice(0, 12)}`;
    await start(at);
    await expect(call('POST', '/v1/kubeconfigs', { username, groups: ['team-a'] })).rejects.toThrow(TypeError);
    await child?.gone;
    // The wait is long enough for the signer, which does not know that nobody waits any more.
    await new Promise((resolve) => setTimeout(resolve, 1000));

    await start();
    await expect.poll(async () => (await requestOf(username))?.state, { timeout: 30_000 }).toBe('approved');
    const id = (await requestOf(username))?.id ?? '';
    expect(await call('POST', `/v1/certificate-requests/${id}/kubeconfig`)).toMatchObject({ status: 200 });
    await everythingHolds();
  });

  it('by kill -9 after the object is created, before the intent is committed: it is never approved, and deleted', async () => {
    await start('after the object is created, before the intent is committed');
    await expect(call('POST', '/v1/kubeconfigs', { username: 'unrecorded', groups: ['team-a'] })).rejects.toThrow(
      TypeError,
    );
    await child?.gone;
    expect(await undecidedObjects()).toHaveLength(1);

    await start();
    expect(await requestOf('unrecorded')).toBeUndefined();
    await expect.poll(undecidedObjects, { timeout: 90_000, interval: 1_000 }).toEqual([]);
    expect(await requestOf('unrecorded')).toBeUndefined();
    await everythingHolds();
  });

  it('by kill -9 at that point, and an administrator approves the object: its certificate is an unknown identity', async () => {
    await start('after the object is created, before the intent is committed');
    await expect(call('POST', '/v1/kubeconfigs', { username: 'approved-by-hand' })).rejects.toThrow(TypeError);
    await child?.gone;
    const [left = ''] = await undecidedObjects();
    const signedBefore = await signedInCluster();
    await succeed(plane, ['certificate', 'approve', left]);
    await expect.poll(signedInCluster).toHaveLength(signedBefore.length + 1);
    const fingerprintSha256 = (await signedInCluster()).find((signed) => !signedBefore.includes(signed));

    await start();
    const events = async (type: string) => (await read<{ items: object[] }>(`/v1/audit-events?type=${type}`)).items;
    await expect
      .poll(() => events('UnknownIdentityIssued'), { timeout: 30_000 })
      .toMatchObject([{ fingerprintSha256, details: { objectName: left, approvalReason: 'KubectlApprove' } }]);
    // The database lacks nothing that was ever in it.
    expect(await events('DatabaseRestored')).toEqual([]);
    expect(await requestOf('approved-by-hand')).toBeUndefined();
    await succeed(plane, ['delete', 'csr', left]);
    await everythingHolds();
  });

  it('by the API server going away: the approval is not lost, and recovery issues', async () => {
    const { pem } = await csrFor('outage', ['team-a']);
    // The controller-manager, too, must find the API server again, which takes a busy machine longer.
    configure(60);
    await start();
    configure(15);
    await plane.stopApiServer();
    await call('POST', '/v1/certificate-requests', { csr: pem });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(['issuing', 'approved']).toContain((await requestOf('outage'))?.state);
    expect((await call('GET', '/readyz')).status).toBe(200);
    await plane.startApiServer();
    await expect.poll(async () => (await requestOf('outage'))?.state, { timeout: 90_000 }).toBe('issued');
    await everythingHolds();
  });

  it('by the controller-manager going away: the request says that nothing signs, and nothing is signed later', async () => {
    await start();
    await plane.stopControllerManager();
    const answer = await call('POST', '/v1/kubeconfigs', { username: 'unsigned', groups: ['team-a'] });
    expect(answer.status, answer.text).toBe(502);
    expect(await requestOf('unsigned')).toMatchObject({ state: 'failed', failure: { reason: 'ApprovedButNotSigned' } });

    const before = await signedInCluster();
    await plane.startControllerManager({ signing: true });
    const next = await call('POST', '/v1/kubeconfigs', { username: 'signed-again', groups: ['team-a'] });
    expect(next.status, next.text).toBe(201);
    const { items } = await read<{ items: Certificate[] }>('/v1/certificates?username=unsigned');
    expect(items).toEqual([]);
    expect((await signedInCluster()).length).toBeLessThanOrEqual(before.length + 1);
    await everythingHolds();
  });
});
