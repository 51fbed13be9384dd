// Tests src/access/directory-facts.ts, src/context/standing.ts, src/callers/permissions.ts,
// src/requests/decide-request.ts
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/model/principal.js';
import { IdentityProvider } from '../../helpers/identity-provider.js';
import { as } from '../../http/support/call.js';
import { everyRoute, type Route } from '../../http/support/every-route.js';
import { startOidcService } from '../../http/support/oidc-service.js';
import type { Caller, TestService } from '../../http/support/service.js';

const isSucceeded =
  'the directory gave your name to somebody else after this credential was issued: its new owner must sign in again';
const hasLeft = 'the directory says that you left, so you have no role here until it says that you are back';

let provider: IdentityProvider;
let service: TestService;
let connector: string;
/** The routes that ask who calls: all but those that are public. */
let routes: readonly Route[];
beforeAll(async () => {
  provider = await IdentityProvider.start({ tls: true, accounts: {} });
  const directory = { revokeTokens: false, cancelRequests: false };
  service = await startOidcService(provider, { roles: [], settings: { directory } });
  connector = await make('connector', ['directory']);
  routes = (await everyRoute()).filter(
    ({ method, path }) =>
      !['HEAD', 'OPTIONS'].includes(method) &&
      /^\/(?:v1|scim|metrics)/.test(path) &&
      !/\/crl$|\/login\/|\/v1\/callers$/.test(path),
  );
});
afterAll(async () => {
  await service.close();
  await provider.stop();
});

const make = async (name: string, roles: readonly Role[]) =>
  as.token(await service.as('root')('post', '/v1/api-tokens').send({ name, roles }).expect(201)).token;
async function scim(method: 'post' | 'patch', path: string, content: object): Promise<string> {
  const call = request(service.address)[method](`/scim/v2${path}`).set('authorization', `Bearer ${connector}`);
  const { text, status } = await call.set('content-type', 'application/scim+json').send(JSON.stringify(content));
  expect([200, 201]).toContain(status);
  return (JSON.parse(text) as { readonly id: string }).id;
}
const join = (userName: string, externalId: string) =>
  scim('post', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    ...{ userName, externalId, active: true },
  });
const leave = (id: string) =>
  scim('patch', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  });

/** The status of each route for the caller, and the detail of its problem. */
const answersTo = (token: string) =>
  Promise.all(
    routes.map(async ({ method, path, url }) => {
      const answer = await fetch(`${service.address}${url}`, { method, headers: { authorization: `Bearer ${token}` } });
      const { detail } = (await answer.json().catch(() => ({}))) as { readonly detail?: string };
      return { route: `${method} ${path}`, status: answer.status, detail };
    }),
  );

describe.each([[['requester']], [['requester', 'approver', 'auditor', 'admin', 'provisioner']]] as const)(
  'a caller with the roles %s whose name was given to somebody else',
  (roles) => {
    it('may ask who they are, and nothing else', async () => {
      const name = `given-on-${roles.length}`;
      const token = await make(name, roles);
      await leave(await join(name, 'one'));
      await join(name, 'two');
      const answers = await answersTo(token);
      expect(answers.length).toBeGreaterThan(50);
      const others = answers.filter(({ status, detail }) => status !== 403 || detail !== isSucceeded);
      expect(others).toEqual([{ route: 'GET /v1/whoami', status: 200, detail: undefined }]);
    });
  },
);

/** A request of the caller's, in its state. */
async function ask(caller: Caller, username: string, group = 'ops-a') {
  const { id } = as.request(
    await caller('post', '/v1/certificate-requests')
      .send({ username, groups: [group] })
      .expect(201),
  );
  return `/v1/certificate-requests/${id}`;
}
async function approved(caller: Caller, username: string) {
  const path = await ask(caller, username);
  await service.as('bob')('post', `${path}/approve`).send({}).expect(200);
  return path;
}
const issued = async (caller: Caller, username: string) => {
  const path = await approved(caller, username);
  await caller('post', `${path}/kubeconfig`).send({}).expect(200);
  const { certificate } = as.request(await caller('get', path).expect(200));
  return { path, certificate: `/v1/certificates/${certificate?.fingerprintSha256 ?? ''}` };
};
const statusesOf = (caller: Caller, calls: readonly (readonly ['get' | 'post', string, object?])[]) =>
  Promise.all(
    calls.map(async ([method, path, body]) => {
      const call = caller(method, path);
      return (await (body === undefined ? call : call.send(body))).status;
    }),
  );

describe('what is on record of somebody who left', () => {
  it('they read, and change nothing', async () => {
    const id = await join('lena', 'one');
    const lena = service.withToken(await make('lena', ['requester']));
    const { path, certificate } = await issued(lena, 'svc-lena');
    const waiting = await ask(lena, 'svc-lena');
    const ready = await approved(lena, 'svc-lena');
    await leave(id);
    expect(
      await statusesOf(
        lena,
        [path, certificate, waiting, '/v1/sessions'].map((one) => ['get', one]),
      ),
    ).toEqual(Array.from({ length: 4 }, () => 200));
    for (const [call, body] of [
      [`${certificate}/revoke`, { reason: 'superseded' }],
      [`${certificate}/renew`, {}],
      [`${waiting}/cancel`, {}],
      [`${ready}/kubeconfig`, {}],
    ] as const) {
      const { body: problem } = await lena('post', call).send(body).expect(403);
      expect((problem as { readonly detail: string }).detail).toBe(hasLeft);
    }
  });

  it('is not their successor’s, nor is anything of the successor theirs', async () => {
    const id = await join('mara', 'one');
    const first = service.withToken(await make('mara', ['requester']));
    const { path, certificate } = await issued(first, 'svc-mara');
    const waiting = await ask(first, 'mara');
    const ready = await approved(first, 'svc-mara');
    const withKey = (caller: Caller) =>
      caller('post', '/v1/certificate-requests')
        .set('idempotency-key', 'mara-1')
        .send({ username: 'mara', groups: ['ops-a'] });
    const before = as.request(await withKey(first).expect(201));
    const forName = await issued(service.as('hr-system'), 'mara');
    await leave(id);
    const second = await join('mara', 'two');
    await service.as('root')('post', `/v1/directory-users/${second}/confirm`).expect(200);
    const successor = service.withToken(await make('mara', ['requester']));
    for (const own of ['/v1/certificate-requests', '/v1/certificate-requests?mine=true', '/v1/certificates']) {
      const { body } = await successor('get', own).expect(200);
      expect((body as { readonly items: readonly object[] }).items).toEqual([]);
    }
    const calls = [
      ...[path, waiting, ready, certificate, `${path}/certificate`, `${path}/kubeconfig`].map(
        (one) => ['get', one] as const,
      ),
      ['post', `${certificate}/revoke`, { reason: 'superseded' }],
      ['post', `${certificate}/renew`, {}],
      ['post', `${waiting}/cancel`, {}],
      ['post', `${ready}/kubeconfig`, {}],
    ] as const;
    expect(await statusesOf(successor, calls)).toEqual(calls.map(() => 404));
    // Nobody renews a certificate for the name that people approved for its predecessor.
    await service.as('hr-system')('post', `${forName.certificate}/renew`).send({}).expect(409);
    await service.as('root')('post', `${forName.certificate}/renew`).send({}).expect(409);
    expect(as.request(await withKey(successor).expect(201)).id).not.toBe(before.id);

    const theirs = await issued(successor, 'svc-mara');
    const collectable = await approved(successor, 'svc-mara');
    const taken = [
      ['get', theirs.path],
      ['post', `${theirs.certificate}/revoke`, { reason: 'superseded' }],
      ['post', `${collectable}/cancel`, {}],
      ['post', `${collectable}/kubeconfig`, {}],
    ] as const;
    expect(await statusesOf(first, taken)).toEqual(taken.map(() => 403));
    await successor('post', `${collectable}/kubeconfig`).send({}).expect(200);
  });
});

describe('an approval of somebody who left', () => {
  it('lets no certificate be issued, although the request is approved and an admin unblocks the name', async () => {
    const id = await join('vera', 'one');
    const vera = service.withToken(await make('vera', ['approver']));
    const path = await ask(service.as('hr-system'), 'svc-vera');
    await vera('post', `${path}/approve`).send({}).expect(200);
    await leave(id);
    await service.as('root')('post', '/v1/identities/vera/unblock').send({}).expect(200);
    const { body } = await service.as('hr-system')('post', `${path}/kubeconfig`).send({}).expect(403);
    expect(body).toMatchObject({ violations: [{ reason: 'ApprovalRequired' }] });
  });
});
