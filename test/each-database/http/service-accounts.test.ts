// Tests src/callers/authentication/service-accounts.ts, src/start/callers.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeApiServer, type Fault } from '../../helpers/fake-api-server.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';

const directory = temporaryDirectory();
let cluster: FakeApiServer;
let service: TestService;
beforeAll(async () => {
  cluster = await FakeApiServer.start();
  const kubeconfig = join(directory.path, 'kubeconfig');
  writeFileSync(kubeconfig, await cluster.kubeconfig({ username: 'kubepass', groups: ['system:masters'] }));
  service = await startService({
    config: JSON.stringify({
      clusters: [{ name: 'prod-eu', server: cluster.url, signer: 'kubernetes', kubeconfig }],
      callers: { serviceAccounts: [{ cluster: 'prod-eu', audience: 'kubepass' }] },
      roles: [{ names: ['system:serviceaccount:ci:deployer'], roles: ['requester'] }],
    }),
    app: { failedAuthenticationsPerMinute: 5 },
  });
});
afterAll(async () => {
  await service.close();
  await cluster.close();
  directory.remove();
});

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
let tokens = 0;
const tokenFor = (aud: string) => {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const claims = { aud: [aud], exp, sub: 'system:serviceaccount:ci:deployer', jti: String(tokens++) };
  return `${base64url({ alg: 'RS256', kid: 'a' })}.${base64url(claims)}.${'A'.repeat(342)}`;
};

/** Has the cluster answer its next review so. */
const reviews = (answer: Fault['answer']) => {
  cluster.fail({ to: /^POST .*tokenreviews$/, times: 1, answer });
};
const accepts = (username = 'system:serviceaccount:ci:deployer') => {
  const user = { username, uid: '0a9f6b5e', groups: ['system:serviceaccounts', 'system:serviceaccounts:ci'] };
  const status = { authenticated: true, audiences: ['kubepass'], user };
  reviews({ status: 201, body: JSON.stringify({ kind: 'TokenReview', status }) });
};
const reviewed = () => cluster.requests.filter((line) => line.endsWith('/tokenreviews')).length;

it('lets in the service accounts that their cluster vouches for, and asks it once', async () => {
  const before = reviewed();
  accepts();
  const caller = service.withToken(tokenFor('kubepass'));
  for (let i = 0; i < 3; i += 1)
    expect(as.whoami(await caller('get', '/v1/whoami').expect(200))).toMatchObject({
      name: 'system:serviceaccount:ci:deployer',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ci'],
      roles: ['requester'],
      method: 'service-account',
      credentialId: 'service-account:prod-eu:0a9f6b5e',
    });
  expect(reviewed()).toBe(before + 1);
});

it('lets a service account whose name is blocked keep no role', async () => {
  accepts();
  const caller = service.withToken(tokenFor('kubepass'));
  const whoami = async () => as.whoami(await caller('get', '/v1/whoami').expect(200));
  expect(await whoami()).toMatchObject({ roles: ['requester'] });
  const path = `/v1/identities/${encodeURIComponent('system:serviceaccount:ci:deployer')}`;
  await service.as('petra')('post', `${path}/block`).send({ reason: 'privilegeWithdrawn' }).expect(200);
  expect(await whoami()).toMatchObject({ roles: [], rolesLost: 'blocked' });
  await service.as('petra')('post', `${path}/unblock`).send({}).expect(200);
});

it('answers 503 with Retry-After where the cluster cannot be asked, which is nobody’s guess', async () => {
  reviews({ status: 429, headers: { 'retry-after': '7' } });
  for (let i = 0; i < 10; i += 1) {
    const answer = await service.withToken(tokenFor('kubepass'))('get', '/v1/whoami').expect(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(6);
  }
  service.advance(8);
  accepts();
  await service.withToken(tokenFor('kubepass'))('get', '/v1/whoami').expect(200);
});

it('has a token reviewed that nobody has seen, although its address has failed too often', async () => {
  const refusal = { status: 201, body: JSON.stringify({ kind: 'TokenReview', status: { authenticated: false } }) };
  for (let i = 0; i < 5; i += 1) {
    reviews(refusal);
    await service.withToken(tokenFor('kubepass'))('get', '/v1/whoami').expect(401);
  }
  // One more failure, and the address is over its limit.
  await service.withToken(tokenFor('https://kubernetes.default.svc'))('get', '/v1/whoami').expect(429);
  accepts();
  await service.withToken(tokenFor('kubepass'))('get', '/v1/whoami').expect(200);
  reviews(refusal);
  const guess = service.withToken(tokenFor('kubepass'));
  const before = reviewed();
  for (let i = 0; i < 20; i += 1) await guess('get', '/v1/whoami').expect(429);
  expect(reviewed()).toBe(before + 1);
});
