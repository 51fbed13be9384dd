import createClient from 'openapi-fetch';
import type { paths } from '../generated/typescript/api.d.ts';

/**
 * Uses the client that openapi-typescript generates: a request, the decision of another person, the certificate and the
 * kubeconfig. Compiling it checks the generated types, running it checks the service.
 */
const { KUBEPASS_URL: baseUrl = '', KUBEPASS_TOKEN: adminToken = '' } = process.env;

const as = (token: string) => createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

/** The data of an answer; throws the problem of one that is an error. */
function expectData<T>({ data, error }: { readonly data?: T; readonly error?: unknown }): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
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
const request = expectData(await alice.POST('/v1/certificate-requests', { body: asked }));
mustBe(request.state, 'pending');
const params = { path: { id: request.id } };

const decided = await bob.POST('/v1/certificate-requests/{id}/approve', { params, body: { comment: 'joins team A' } });
mustBe(expectData(decided).state, 'approved');

const collected = expectData(await alice.POST('/v1/certificate-requests/{id}/kubeconfig', { params }));
if (typeof collected === 'string') throw new Error('JSON is expected');
mustBe(collected.request.id, request.id);
mustBe(collected.kubeconfig.includes('client-key-data'), true);

const certificate = expectData(await alice.GET('/v1/certificate-requests/{id}/certificate', { params }));
if (typeof certificate !== 'object') throw new Error('JSON is expected');
mustBe(certificate.fingerprintSha256, collected.certificate.fingerprintSha256);
mustBe(certificate.username, asked.username);

const body = { username: 'john', groups: ['team-a'] };
const atOnce = expectData(await alice.POST('/v1/kubeconfigs', { body }));
if (typeof atOnce === 'string' || !('kubeconfig' in atOnce)) throw new Error('a kubeconfig as JSON is expected');
mustBe(atOnce.kubeconfig.includes('client-key-data'), true);

const refused = await alice.POST('/v1/kubeconfigs', { body: { username: 'john', groups: ['system:masters'] } });
mustBe(refused.error?.type, 'urn:kubepass:problem:policy-denied');
console.log('the TypeScript client made a request, had it decided, and got its certificate and two kubeconfigs');
