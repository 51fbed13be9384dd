// Tests src/callers/authentication/service-accounts.ts, src/kubernetes/token-review.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import { as } from '../http/support/call.js';
import { startService, type TestService } from '../http/support/service.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { succeed } from './certificate-signing-request.js';
import type { ControlPlane } from './control-plane.js';
import { kubeconfigOfServiceAccount } from './service-account.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const component = fileURLToPath(new URL('../../deploy/kubernetes/components/review-tokens/rbac.yaml', import.meta.url));
const directory = temporaryDirectory();
afterAll(() => directory.remove());

describeControlPlane('service accounts of a real cluster', () => {
  let plane: ControlPlane;
  let service: TestService;
  /** The tokens that were sent to the cluster. */
  const sent: string[] = [];

  const watching = (connection: ClusterConnection): ClusterConnection =>
    new Proxy(connection, {
      get(target, member) {
        if (member === 'reviewToken')
          return (token: string, audience: string) => {
            sent.push(token);
            return target.reviewToken(token, audience);
          };
        const value: unknown = Reflect.get(target, member, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });

  beforeAll(async () => {
    plane = await openControlPlane();
    await succeed(plane, ['create', 'namespace', 'ci']);
    const kubeconfig = await kubeconfigOfServiceAccount(plane, directory.path);
    service = await startService({
      config: JSON.stringify({
        clusters: [{ name: 'real', server: plane.server, signer: 'kubernetes', kubeconfig }],
        callers: { serviceAccounts: [{ cluster: 'real', audience: 'kubepass' }] },
        roles: [
          { names: ['system:serviceaccount:ci:deployer'], roles: ['requester'] },
          { groups: ['system:serviceaccounts:ci'], roles: ['auditor'] },
        ],
      }),
      overrides: { connection: watching },
      app: { failedAuthenticationsPerMinute: 1_000 },
    });
  });
  afterAll(async () => {
    await service.close();
    await plane.stop();
  });

  const account = async (name: string) => {
    await succeed(plane, ['create', 'serviceaccount', name, '--namespace=ci']);
    return name;
  };
  const tokenOf = async (name: string, ...args: string[]) =>
    (await succeed(plane, ['create', 'token', name, '--namespace=ci', ...args])).trim();
  const whoami = (token: string) => service.withToken(token)('get', '/v1/whoami');
  const status = async (token: string) => (await whoami(token)).status;
  const lastReason = () =>
    service
      .log()
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
      .findLast(({ msg }) => msg === 'authentication failed');

  /** How many seconds the token goes on to work from now. */
  async function outAfter(token: string): Promise<number> {
    const from = performance.now();
    while ((await status(token)) === 200) {
      if (performance.now() - from > 30_000) throw new Error('the token is not refused');
      await sleep(50);
    }
    return (performance.now() - from) / 1000;
  }

  it('get 503 while kubepass has no right to review tokens, and the log says which right that is', async () => {
    const token = await tokenOf(await account('early'), '--audience=kubepass');
    const answer = await whoami(token);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(service.log()).toContain('"missing":"create tokenreviews.authentication.k8s.io"');
    await succeed(plane, ['apply', '--filename', component]);
    await expect.poll(() => status(token), { timeout: 20_000, interval: 500 }).toBe(200);
  });

  it('get in with a token for kubepass, as themselves', async () => {
    const token = await tokenOf(await account('deployer'), '--audience=kubepass');
    expect(as.whoami(await whoami(token).expect(200))).toMatchObject({
      name: 'system:serviceaccount:ci:deployer',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ci'],
      roles: ['requester', 'auditor'],
      method: 'service-account',
      createdBy: [],
      credentialId: expect.stringMatching(/^service-account:real:[0-9a-f-]{36}$/) as string,
      expiresAt: expect.stringMatching(/Z$/) as string,
    });
  });

  it('do not get in with a token for somebody else, which the cluster never sees here', async () => {
    const name = await account('elsewhere');
    const before = sent.length;
    for (const args of [[], ['--audience=vault'], ['--audience=kubepass2']]) {
      expect(await status(await tokenOf(name, ...args))).toBe(401);
      expect(lastReason()).toMatchObject({ reason: 'IssuerUnknown' });
    }
    expect(sent).toHaveLength(before);
  });

  it('do not get in with a token that the cluster did not sign so', async () => {
    const token = await tokenOf(await account('forged'), '--audience=kubepass');
    const [header = '', claims = '', signature = ''] = token.split('.');
    const decoded = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...decoded, sub: 'system:serviceaccount:ci:deployer' })).toString(
      'base64url',
    );
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const forgeries = [
      `${header}.${changed}.${signature}`,
      `${header}.${claims}.${signature.slice(0, -8)}AAAAAAAA`,
      `${none}.${claims}.`,
      `${none}.${changed}.${signature}`,
    ];
    for (const forgery of forgeries) expect(await status(forgery)).toBe(401);
    expect(await status(token)).toBe(200);
  });

  it('are out within ten seconds after they are deleted', async () => {
    const token = await tokenOf(await account('deleted'), '--audience=kubepass');
    expect(await status(token)).toBe(200);
    await succeed(plane, ['delete', 'serviceaccount', 'deleted', '--namespace=ci']);
    expect(await outAfter(token)).toBeLessThan(10);
    expect(lastReason()).toMatchObject({
      reason: 'TokenRefused',
      why: expect.stringMatching(/^cluster "real": the cluster does not accept the token: .*/) as string,
    });
  });

  it('are out within ten seconds after the pod is deleted that their token is bound to', async () => {
    const name = await account('podded');
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'job', namespace: 'ci' },
      spec: { serviceAccountName: name, containers: [{ name: 'job', image: 'registry.example/none' }] },
    };
    await succeed(plane, ['create', '--filename=-'], JSON.stringify(pod));
    const bound = ['--bound-object-kind=Pod', '--bound-object-name=job'];
    const token = await tokenOf(name, '--audience=kubepass', ...bound);
    expect(await status(token)).toBe(200);
    await succeed(plane, ['delete', 'pod', 'job', '--namespace=ci', '--grace-period=0', '--force']);
    expect(await outAfter(token)).toBeLessThan(10);
    expect(await status(await tokenOf(name, '--audience=kubepass'))).toBe(200);
  });

  it('are out although the API server itself still remembers them', async () => {
    const token = await tokenOf(await account('remembered'), '--audience=kubepass');
    const review = JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: ['kubepass'] },
    });
    const remembers = async () =>
      (
        JSON.parse(await succeed(plane, ['create', '--filename=-', '--output=json'], review)) as {
          status: { authenticated?: boolean };
        }
      ).status.authenticated === true;
    expect(await remembers()).toBe(true);
    await succeed(plane, ['delete', 'serviceaccount', 'remembered', '--namespace=ci']);
    await sleep(1_000);
    expect(await remembers()).toBe(true);
    expect(await status(token)).toBe(401);
  });

  it('get 503 while the cluster is down, unless they were there a moment ago', async () => {
    const name = await account('outage');
    const [known, other] = [await tokenOf(name, '--audience=kubepass'), await tokenOf(name, '--audience=kubepass')];
    expect(await status(known)).toBe(200);
    await plane.stopApiServer();
    expect(await status(known)).toBe(200);
    const answer = await whoami(other);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await plane.startApiServer();
    await expect.poll(() => status(other), { timeout: 20_000, interval: 200 }).toBe(200);
  });

  it('leave no token in the log', () => {
    expect(sent.length).toBeGreaterThan(5);
    for (const token of sent)
      for (const part of [token, ...token.split('.').slice(1).filter(Boolean)])
        expect(service.log()).not.toContain(part);
  });
});
