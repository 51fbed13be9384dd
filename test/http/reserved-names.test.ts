// Tests src/model/name-grammar.ts, src/callers/authentication/callers.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { IdentityProvider } from '../helpers/identity-provider.js';
import { localAuthority } from '../helpers/local-authority.js';
import { freeNames, reservedNames } from '../helpers/reserved-names.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';
import { SigningBrowser, startSignInService, type SignInService } from './support/sign-in.js';

const directory = temporaryDirectory();
let cluster: FakeApiServer;
let provider: IdentityProvider;
let service: TestService;
let signIn: SignInService;
beforeAll(async () => {
  cluster = await FakeApiServer.start();
  provider = await IdentityProvider.start({ accounts: {} });
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  const authority = await localAuthority();
  const certFile = file('ca.crt', authority.certificatePem);
  const signer = { localCA: { certFile, keyFile: file('ca.key', authority.privateKeyPem) } };
  const kubeconfig = file('kubeconfig', await cluster.kubeconfig({ username: 'kubepass', groups: ['system:masters'] }));
  service = await startService({
    app: { failedAuthenticationsPerMinute: 100_000 },
    config: stringify({
      clusters: [
        { name: 'demo', server: 'https://127.0.0.1:6443', servingCertificateAuthority: certFile, signer },
        { name: 'prod-eu', server: cluster.url, signer: 'kubernetes', kubeconfig },
      ],
      callers: {
        oidc: [{ name: 'corp', issuer: provider.issuer, audiences: ['kubepass'] }],
        serviceAccounts: [{ cluster: 'prod-eu', audience: 'kubepass-eu' }],
      },
    }),
  });
  signIn = await startSignInService({ accounts: { admin: {}, 'break-glass': {}, jane: {} } });
});
afterAll(async () => {
  await service.close();
  await signIn.close();
  await cluster.close();
  await provider.stop();
  directory.remove();
});

const statusOf = async (token: string) => (await service.withToken(token)('get', '/v1/whoami')).status;
const lastReason = () => /.*"reason":"(\w+)"/s.exec(service.log())?.[1];

describe('a name that is reserved', () => {
  it.each(reservedNames)('%s is nobody’s by OIDC', async (sub) => {
    expect(await statusOf(await provider.mint({ sub }))).toBe(401);
    expect(lastReason()).toBe('NameReserved');
  });

  it.each(['admin', 'break-glass'])('%s is nobody’s by a sign-in with a browser', async (account) => {
    expect((await new SigningBrowser(signIn).signIn(account)).status).toBe(403);
    expect(signIn.service.log()).toContain('"reason":"NameReserved"');
    expect((await new SigningBrowser(signIn).signIn('jane')).status).toBe(302);
  });

  it.each(reservedNames)('%s is no service account’s, whatever the cluster says', async (username) => {
    const status = { authenticated: true, audiences: ['kubepass-eu'], user: { username, uid: 'a', groups: [] } };
    const body = JSON.stringify({ kind: 'TokenReview', status });
    cluster.fail({ to: /^POST .*tokenreviews$/, times: 1, answer: { status: 201, body } });
    const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const exp = Math.floor(Date.now() / 1000) + 3_600;
    const claims = { aud: 'kubepass-eu', exp, sub: 'system:serviceaccount:ci:deployer', jti: username };
    expect(await statusOf(`${base64url({ alg: 'RS256' })}.${base64url(claims)}.AAAA`)).toBe(401);
    expect(lastReason()).toBe('NotServiceAccount');
  });

  it.each(reservedNames)('%s is no API token’s, but for that of the first admin', async (name) => {
    const answer = await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name, roles: ['requester'] });
    if (name === 'admin') expect(answer.status).toBe(201);
    else expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/name' }] } });
  });

  it.each(['break-glass', 'Kubepass-Probe', 'system:masters'])(
    '%s is no person’s in the directory, so that none of its leavers ends it',
    async (userName) => {
      const made = await service
        .as('root')('post', '/v1/api-tokens')
        .send({ name: `connector-${userName.length}`, roles: ['directory'] });
      const answer = await fetch(`${service.address}/scim/v2/Users`, {
        method: 'POST',
        headers: { authorization: `Bearer ${as.token(made).token}`, 'content-type': 'application/scim+json' },
        body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName, active: true }),
      });
      expect(answer.status).toBe(201);
      const { id } = (await answer.json()) as { id: string };
      const user = (await service.as('root')('get', `/v1/directory-users/${id}`).expect(200)).body as object;
      expect(user).toMatchObject({ username: null, whyNoUsername: expect.stringContaining('reserved') as string });
    },
  );
});

it.each(freeNames)('%s is reserved for nobody', async (sub) => {
  expect(await statusOf(await provider.mint({ sub }))).toBe(200);
});
