import createClient from 'openapi-fetch';
import type { paths } from '../generated/typescript/api.d.ts';

/**
 * The story of a portal, with the client that openapi-typescript generates: ask, wait, let another person approve,
 * collect, renew, revoke, and list what ends. Compiling it checks the generated types, running it checks the service.
 * The client sends no `Accept` of its own.
 */
const { KUBEPASS_URL: baseUrl = '', KUBEPASS_TOKEN: adminToken = '' } = process.env;

const as = (token: string) => createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

/** The JSON of an answer; throws the problem of one that is an error. */
function expectData<T>({ data, error }: { readonly data?: T; readonly error?: unknown }): Exclude<T, string> {
  if (data === undefined) throw new Error(JSON.stringify(error));
  if (typeof data === 'string') throw new Error('JSON is expected');
  return data as Exclude<T, string>;
}

function mustBe(found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${JSON.stringify(expected)} is expected, and not ${JSON.stringify(found)}`);
}

async function newCaller(name: string, role: 'requester' | 'approver') {
  const { token } = expectData(await as(adminToken).POST('/v1/api-tokens', { body: { name, roles: [role] } }));
  return as(token);
}

const alice = await newCaller('alice', 'requester');
const bob = await newCaller('bob', 'approver');

// Longer than a day: a person must decide.
const asked = { cluster: 'demo', username: 'jane@corp.example', groups: ['team-a'], expirationSeconds: 172_800 };
const { id, state } = expectData(await alice.POST('/v1/certificate-requests', { body: asked }));
mustBe(state, 'pending');
const params = { path: { id } };

const decided = await bob.POST('/v1/certificate-requests/{id}/approve', { params, body: { comment: 'joins team A' } });
mustBe(expectData(decided).state, 'approved');
mustBe(expectData(await alice.GET('/v1/certificate-requests/{id}', { params })).state, 'approved');

const collected = expectData(await alice.POST('/v1/certificate-requests/{id}/kubeconfig', { params }));
mustBe(collected.request.id, id);
mustBe(collected.kubeconfig?.includes('client-key-data'), true);
const { fingerprintSha256 = '', username, requester } = collected.certificate ?? {};
mustBe(username, asked.username);
mustBe(requester, 'alice');

const old = { path: { fingerprintSha256 } };
const renewed = expectData(await alice.POST('/v1/certificates/{fingerprintSha256}/renew', { params: old }));
mustBe(renewed.request.renewalOf, fingerprintSha256);
mustBe(renewed.request.expirationSeconds, asked.expirationSeconds);
mustBe(renewed.kubeconfig?.includes('client-key-data'), true);

const revoked = await alice.POST('/v1/certificates/{fingerprintSha256}/revoke', {
  params: old,
  body: { reason: 'superseded' },
});
mustBe(expectData(revoked).status, 'revoked');

const notAfterBefore = new Date(Date.now() + 14 * 86_400_000).toISOString();
const query = { username: asked.username, status: 'live' as const, notAfterBefore };
const ending = expectData(await alice.GET('/v1/certificates', { params: { query } }));
mustBe(ending.items.map((certificate) => certificate.fingerprintSha256).join(), renewed.certificate?.fingerprintSha256);
mustBe(ending.items[0]?.collector, 'alice');

const body = { username: 'john', groups: ['team-a'] };
mustBe(expectData(await alice.POST('/v1/kubeconfigs', { body })).kubeconfig?.includes('client-key-data'), true);
// Somebody else collects: the same shape, and no kubeconfig yet.
const waiting = expectData(await alice.POST('/v1/kubeconfigs', { body: { ...body, collector: 'john' } }));
mustBe(waiting.kubeconfig, null);
mustBe(waiting.request.state, 'approved');

const refused = await alice.POST('/v1/kubeconfigs', { body: { username: 'john', groups: ['system:masters'] } });
mustBe(refused.error?.type, 'urn:kubepass:problem:policy-denied');
console.log('the TypeScript client went through the whole story of a portal');
