// Tests src/requests/open-key-proofs.ts, src/requests/renewal-routes.ts
import { type KeyObject, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKeyProofs } from '../../../src/requests/open-key-proofs.js';
import { DirectoryUse } from '../../../src/context/standing.js';
import type { RoleBinding } from '../../../src/callers/permissions.js';
import { runPlugin } from '../../../packages/kubectl-kubepass/src/run-plugin.js';
import type { Role } from '../../../src/model/principal.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { IdentityProvider } from '../../helpers/identity-provider.js';
import { keyProof } from '../../helpers/key-proof.js';
import { testMachine } from '../../../packages/kubectl-kubepass/test/helpers/plugin-machine.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { type Answer, as } from '../../http/support/call.js';
import { startOidcService } from '../../http/support/oidc-service.js';
import type { Caller, TestService } from '../../http/support/service.js';

const hour = 3_600;
const roles = [
  { names: ['nora'], roles: ['requester'] },
  { groups: ['staff'], roles: ['requester'] },
];

let provider: IdentityProvider;
let service: TestService;
let strict: TestService;
beforeAll(async () => {
  provider = await IdentityProvider.start({
    tls: true,
    accounts: { nora: { groups: [] }, sam: { groups: ['staff'] } },
    lifetimeSeconds: 86_400,
  });
  const start = (groupsMaxAgeSeconds: number) =>
    startOidcService(provider, { roles, settings: { renewal: { groupsMaxAgeSeconds } } });
  service = await start(3 * hour);
  strict = await start(0);
});
afterAll(async () => {
  await service.close();
  await strict.close();
  await provider.stop();
});

interface Held {
  readonly fingerprint: string;
  readonly username: string;
  readonly key: KeyObject;
}
let people = 0;
async function held(
  caller: Caller,
  ask: (pem: string) => Answer | PromiseLike<Answer> = (csr) =>
    caller('post', '/v1/certificate-requests')
      .set('prefer', 'wait=20')
      .send({ csr, expirationSeconds: 1.5 * hour }),
  username = `person-${++people}`,
): Promise<Held> {
  const { pem, keyPair } = await csrFor(username, ['team-a']);
  const answer = await ask(pem);
  expect(answer.status, answer.text).toBe(201);
  // A renewal answers a kubeconfig, whose certificate is a member as well.
  return {
    fingerprint: as.request(answer).certificate?.fingerprintSha256 ?? '',
    username,
    key: keyPair.privateKey,
  };
}
const byProof =
  (of: Held, at = service) =>
  async (pem: string): Promise<Answer> => {
    const proof = { fingerprint: of.fingerprint, key: of.key, address: at.address, csr: pem, now: at.context.clock() };
    const call = at.anonymous('post', `/v1/certificates/${of.fingerprint}/renew`);
    return call
      .set('authorization', `KubepassProof ${await keyProof(proof)}`)
      .set('prefer', 'wait=20')
      .send({ csr: pem, expirationSeconds: 1.5 * hour });
  };
const renewed = (of: Held) => held(service.anonymous, byProof(of), of.username);
const refusal = async (of: Held, at = service) => {
  const { status, body } = await byProof(of, at)((await csrFor(of.username, ['team-a'])).pem);
  return { status, detail: (body as { readonly detail: string }).detail };
};
const signIn = async (account: string, at = service) => at.withToken((await provider.signIn(account)).accessToken);

describe('a renewal by a proof of possession', () => {
  it('goes on until the last sign-in of its lineage is too old, however often it was renewed, and again after one', async () => {
    const began = service.context.clock().getTime();
    let of = await held(await signIn('sam'));
    for (let i = 0; i < 2; i++) {
      service.advance(hour);
      of = await renewed(of);
    }
    service.advance(hour);
    const { status, detail } = await refusal(of);
    expect(status).toBe(409);
    const [, ended = ''] = /^renewals without a sign-in ended at (\S+): sign in again$/.exec(detail) ?? [];
    expect(Math.abs(Date.parse(ended) - began - 3 * hour * 1000)).toBeLessThan(60_000);
    // A renewal by somebody who signed in is one, and proofs go on from there.
    const sam = await signIn('sam');
    const again = await held(
      sam,
      (csr) =>
        sam('post', `/v1/certificates/${of.fingerprint}/renew`)
          .set('prefer', 'wait=20')
          .send({ csr, expirationSeconds: 1.5 * hour }),
      of.username,
    );
    service.advance(hour);
    await renewed(again);
  });

  it('is refused always where people are to sign in for each', async () => {
    const sam = await signIn('sam', strict);
    expect(await refusal(await held(sam), strict)).toMatchObject({
      status: 409,
      detail: expect.stringMatching(/^renewals without a sign-in ended at/) as string,
    });
  });
});

describe('the roles of a renewal by a proof', () => {
  const rolesNow = async (
    of: Held,
    bindings: readonly RoleBinding[],
    admins = true,
  ): Promise<readonly Role[] | string> => {
    const { store } = service;
    const clock = () => service.context.clock();
    const proofs = openKeyProofs({ roles: bindings, admins }, store, new DirectoryUse(store.directory), clock);
    const { pem } = await csrFor(of.username, ['team-a']);
    const proof = { fingerprint: of.fingerprint, key: of.key, address: service.address, csr: pem, now: clock() };
    const presented = {
      text: await keyProof(proof),
      method: 'POST',
      path: `/v1/certificates/${of.fingerprint}/renew`,
      fingerprintSha256: of.fingerprint,
      address: service.address,
    };
    const answer = await proofs.authenticate(presented);
    return answer.outcome === 'authenticated' ? answer.principal.roles : JSON.stringify(answer);
  };
  const bound = (binding: Partial<RoleBinding>): RoleBinding => ({ names: [], groups: [], roles: [], ...binding });

  it('that a name or a group has are those of the configuration of today', async () => {
    const [nora, sam] = [await held(await signIn('nora')), await held(await signIn('sam'))];
    expect(await rolesNow(nora, [bound({ names: ['nora'], roles: ['requester'] })])).toEqual(['requester']);
    expect(await rolesNow(nora, [bound({ names: ['nora'], roles: ['auditor'] })])).toEqual(['auditor']);
    expect(await rolesNow(nora, [])).toEqual([]);
    expect(await rolesNow(sam, [bound({ groups: ['staff'], roles: ['requester'] })])).toEqual(['requester']);
    expect(await rolesNow(sam, [bound({ groups: ['others'], roles: ['requester'] })])).toEqual([]);
  });

  it('that an API token gave stay, as far as tokens may have them', async () => {
    const { token } = as.token(
      await service
        .as('root')('post', '/v1/api-tokens')
        .send({ name: 'tess', roles: ['requester', 'admin'] })
        .expect(201),
    );
    const tess = await held(service.withToken(token));
    expect(await rolesNow(tess, [])).toEqual(['requester', 'admin']);
    expect(await rolesNow(tess, [], false)).toEqual(['requester']);
  });
});

describe('the plugin, where people sign in for each renewal', () => {
  const loggedIn = async () => {
    const directory = temporaryDirectory();
    let ahead = 0;
    const environment = { KUBEPASS_TOKEN: (await provider.signIn('sam')).accessToken };
    const machine = testMachine(directory.path, { environment, now: () => Date.now() + ahead });
    const args = ['--server', strict.address, '--cluster', 'demo', '--group', 'team-a', '--expires-in', '10m'];
    expect(await runPlugin(['login', ...args], machine)).toBe(0);
    machine.takeOutput();
    machine.takeLines();
    const certificate = async (of = machine) => {
      const code = await runPlugin(['get-credential', ...args], of);
      if (code !== 0) return null;
      const { status } = JSON.parse(of.takeOutput()) as { readonly status: { readonly clientCertificateData: string } };
      return new X509Certificate(status.clientCertificateData).fingerprint256;
    };
    return {
      machine,
      certificate,
      remove: () => directory.remove(),
      pass: (seconds: number) => (ahead += seconds * 1000),
    };
  };

  it('signs in by itself where it can', async () => {
    const { certificate, pass, remove } = await loggedIn();
    const first = await certificate();
    pass(420);
    const second = await certificate();
    expect(second).not.toBeNull();
    expect(second).not.toBe(first);
    remove();
  });

  it('hands out the old certificate until its end where it cannot, and says what to do', async () => {
    const { machine, certificate, pass, remove } = await loggedIn();
    const quiet = { ...machine, environment: {} };
    const first = await certificate(quiet);
    pass(420);
    expect(await certificate(quiet)).toBe(first);
    expect(machine.takeLines().join()).toMatch(
      /works until .+: renewals without a sign-in ended at .+: sign in again\. Run: kubectl kubepass login/,
    );
    pass(200);
    expect(await certificate(quiet)).toBeNull();
    expect(machine.takeLines().join()).toMatch(/Run: kubectl kubepass login/);
    remove();
  });
});
