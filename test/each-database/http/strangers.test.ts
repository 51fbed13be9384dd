// Tests src/http/hooks/failed-credentials.ts, src/callers/authentication/callers.ts
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { IdentityProvider } from '../../helpers/identity-provider.js';
import { keyProof } from '../../helpers/key-proof.js';
import { localAuthority } from '../../helpers/local-authority.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as, type Answer } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';

const directory = temporaryDirectory();
let cluster: FakeApiServer;
let provider: IdentityProvider;
let service: TestService;
beforeAll(async () => {
  cluster = await FakeApiServer.start();
  provider = await IdentityProvider.start({ accounts: { jane: { groups: ['staff'] } } });
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  const authority = await localAuthority();
  const certFile = file('ca.crt', authority.certificatePem);
  const signer = { localCA: { certFile, keyFile: file('ca.key', authority.privateKeyPem) } };
  const kubeconfig = file('kubeconfig', await cluster.kubeconfig({ username: 'kubepass', groups: ['system:masters'] }));
  service = await startService({
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
});
afterAll(async () => {
  await service.close();
  await cluster.close();
  await provider.stop();
  directory.remove();
});

const whoami = async (token: string): Promise<Answer> => service.withToken(token)('get', '/v1/whoami');
const apiTokenGuess = () => `kubepass_${randomBytes(32).toString('base64url')}`;
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
let tokens = 0;
const serviceAccountToken = (account: string) => {
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const claims = { aud: ['kubepass-eu'], exp, sub: `system:serviceaccount:ci:${account}`, jti: String(tokens++) };
  return `${base64url({ alg: 'RS256', kid: 'a' })}.${base64url(claims)}.${'A'.repeat(342)}`;
};
/** How the cluster answers its next review. */
const reviewsAs = (status: object, times = 1) => {
  const body = JSON.stringify({ kind: 'TokenReview', status });
  cluster.fail({ to: /^POST .*tokenreviews$/, times, answer: { status: 201, body } });
};
const accepts = (account: string) => {
  const user = { username: `system:serviceaccount:ci:${account}`, uid: '0a9f6b5e', groups: [] };
  reviewsAs({ authenticated: true, audiences: ['kubepass-eu'], user });
};

/** Fails 62 times from this address, at the least. */
async function failOften(): Promise<void> {
  for (let i = 0; i < 62; i += 1) await whoami(apiTokenGuess());
  expect((await whoami(apiTokenGuess())).status).toBe(429);
}

describe('after a stranger failed too often from the same address', () => {
  beforeAll(failOften);

  it('a token gets in that was made this moment, while guesses go on', async () => {
    const guesses = Promise.all(Array.from({ length: 100 }, async () => (await whoami(apiTokenGuess())).status));
    const { token } = as.token(
      await service
        .as('root')('post', '/v1/api-tokens')
        .send({ name: 'newcomer', roles: ['requester'] })
        .expect(201),
    );
    expect((await whoami(token)).status).toBe(200);
    expect(new Set(await guesses)).toEqual(new Set([429]));
  });

  it('a service account gets in with a token that nobody has seen, also after guesses in its name', async () => {
    accepts('deployer');
    expect((await whoami(serviceAccountToken('deployer'))).status).toBe(200);
    reviewsAs({ authenticated: false }, 62);
    for (let i = 0; i < 62; i += 1) expect((await whoami(serviceAccountToken('deployer'))).status).toBe(429);
    accepts('deployer');
    expect((await whoami(serviceAccountToken('deployer'))).status).toBe(200);
    accepts('first-seen');
    expect((await whoami(serviceAccountToken('first-seen'))).status).toBe(200);
  });

  it('a person gets in with a token that nobody has seen, also by a key that is new', async () => {
    expect((await whoami((await provider.signIn('jane')).accessToken)).status).toBe(200);
    await provider.rotateKeys();
    expect((await whoami((await provider.signIn('jane')).accessToken)).status).toBe(200);
  });

  it('a certificate is renewed by a proof of possession, also after proofs that are forged', async () => {
    const { pem, keyPair } = await csrFor('jane', ['team-a'], 'ECDSA-P256');
    const made = service
      .as('hr-system')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=20')
      .send({ cluster: 'demo', csr: pem });
    const fingerprint = as.request(await made.expect(201)).certificate?.fingerprintSha256 ?? '';
    const csr = (await csrFor('jane', ['team-a'], 'ECDSA-P256')).pem;
    const other = (await csrFor('jane', ['team-a'], 'ECDSA-P256')).keyPair.privateKey;
    const renew = async (key = keyPair.privateKey) => {
      const proof = await keyProof({ fingerprint, key, address: service.address, csr, now: service.context.clock() });
      return service
        .anonymous('post', `/v1/certificates/${fingerprint}/renew`)
        .set('authorization', `KubepassProof ${proof}`)
        .set('prefer', 'wait=20')
        .send({ csr });
    };
    const forged = Promise.all(Array.from({ length: 100 }, async () => (await renew(other)).status));
    expect((await renew()).status).toBe(201);
    expect(new Set(await forged)).toEqual(new Set([429]));
  });

  it('guesses in the name of one account are answered 503 once they were too many for the cluster', async () => {
    reviewsAs({ authenticated: false }, 1_000);
    const guesses = Array.from({ length: 300 }, () => whoami(serviceAccountToken('victim')));
    const answers = await Promise.all(guesses);
    expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([429, 503]);
    const busy = answers.find(({ status }) => status === 503);
    expect(Number(busy?.headers['retry-after'])).toBeGreaterThan(0);
  });
});
