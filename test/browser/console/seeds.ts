import { expect } from 'vitest';
import { policies as servicePolicies, type Caller, type Person, type TestService } from '../../http/support/service.js';
import { as } from '../../http/support/call.js';
import { aPolicy } from '../../helpers/policies.js';

/** Besides those of `startService`: `prod-*` takes two team leads, then security, and a reason. */
export const consolePolicies = `${servicePolicies}${aPolicy(
  'production',
  { groups: ['prod-*'], collectors: ['*'] },
  {
    constraints: { maxExpirationSeconds: 43_200, reason: { pattern: '(INC|CHG)-[0-9]{4,8}.*' } },
    approval: {
      mode: 'manual',
      expiresAfterSeconds: 86_400,
      stages: [
        { count: 2, approvers: { groups: ['team-leads'] } },
        { count: 1, approvers: { groups: ['security'] } },
      ],
    },
  },
)}`;

/** Texts that others have written, each of which a page must show as text, and inside its place. */
export const hostileWords = {
  image: '<img src=x onerror="document.title=\'taken\'">',
  script: '<script>document.title="taken"</script>',
  direction: 'safe \u202egpj.exe then plain',
  wide: 'W'.repeat(1024),
} as const;

type Who = Person | Caller;
const callerOf = (service: TestService, who: Who): Caller => (typeof who === 'string' ? service.as(who) : who);

/** A token of a new principal. The admin root made it, who may therefore not decide on what its bearer asks. */
export async function tokenFor(
  service: TestService,
  name: string,
  {
    roles = ['approver'],
    groups = [],
  }: { readonly roles?: readonly string[]; readonly groups?: readonly string[] } = {},
): Promise<string> {
  const made = await service.as('root')('post', '/v1/api-tokens').send({ name, roles, groups }).expect(201);
  return as.token(made).token;
}

/** Asks for a certificate, by default as alice for `ops-eu`, which bob may approve. Answers the id of the request. */
export async function ask(service: TestService, body: object = {}, who: Who = 'alice'): Promise<string> {
  const spec = { username: 'jane', groups: ['ops-eu'], ...body };
  const answer = await callerOf(service, who)('post', '/v1/certificate-requests').send(spec);
  expect([answer.status, answer.text]).toEqual([201, expect.anything()]);
  return as.request(answer).id;
}

export const approve = (service: TestService, id: string, who: Who = 'bob', comment?: string): Promise<unknown> =>
  decide(service, id, 'approve', who, comment);
export const deny = (service: TestService, id: string, who: Who = 'bob', comment?: string): Promise<unknown> =>
  decide(service, id, 'deny', who, comment);
export const cancel = (service: TestService, id: string, who: Who = 'alice'): Promise<unknown> =>
  decide(service, id, 'cancel', who);

async function decide(service: TestService, id: string, step: string, who: Who, comment?: string): Promise<void> {
  const call = callerOf(service, who)('post', `/v1/certificate-requests/${id}/${step}`);
  await call.send(comment === undefined ? {} : { comment }).expect(200);
}

/** Collects the kubeconfig of an approved request. Answers the fingerprint of its certificate. */
export async function collect(service: TestService, id: string, who: Who = 'alice'): Promise<string> {
  const call = callerOf(service, who)('post', `/v1/certificate-requests/${id}/kubeconfig`);
  return as.kubeconfig(await call.send({}).expect(200)).certificate.fingerprintSha256;
}

/** A certificate of a request that policy approves by itself. Answers its fingerprint. */
export async function issue(
  service: TestService,
  username: string,
  group = 'team-a',
  who: Who = 'alice',
): Promise<string> {
  return collect(service, await ask(service, { username, groups: [group] }, who), who);
}

export async function block(service: TestService, username: string, comment = 'left the company'): Promise<void> {
  const body = { reason: 'cessationOfOperation', comment };
  await service
    .as('petra')('post', `/v1/identities/${encodeURIComponent(username)}/block`)
    .send(body)
    .expect(200);
}
