// Tests src/model/name-grammar.ts, src/http/schemas/schema-parts.ts
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook as Verifier } from 'standardwebhooks';
import { Compile } from 'typebox/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditEventBody } from '../../../src/log/audit-event-schemas.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { WebhookReceiver } from '../../helpers/webhook-receiver.js';
import { as, type Answer } from '../../http/support/call.js';
import { webhookSchemas } from '../../http/support/contract.js';
import { localCluster } from '../../http/support/local-cluster.js';
import { startService, type Caller, type TestService } from '../../http/support/service.js';

/** A name of 253 characters, as long as a principal's name may be; in paths each `/`, `:` and `@` is escaped. */
const longName = (begin: string): string => `${begin}:${'/a@'.repeat(84)}`.slice(0, 252).concat('z');
const pipeline = longName('repo');
const lead = longName('lead');
const keeper = longName('keeper');
const group = longName('group');
const agent = longName('agent');

const policies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: pipelines }
spec:
  selector:
    clusters: [demo]
    requesters: { names: ["${pipeline}"], groups: ["group:*"] }
  allowed: { usernames: ["*"], groups: ["team-*"], collectors: ["\${requester.username}", "keeper:*"] }
  constraints: { maxExpirationSeconds: 86400 }
  validations:
    - expression: requester.username.startsWith('repo:') && requester.groups.exists(g, g.endsWith('z'))
    - expression: size(request.collector) == 253
  quota: { livePerRequester: 100, issuancesPerHour: 100 }
  approval:
    mode: manual
    stages:
      - { count: 1, approvers: { names: ["${lead}"] } }
      - { count: 1, approvers: { names: ["agent:*z"], groups: ["${group}"] } }
---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: nobody-else }
spec:
  selector: { clusters: [demo], requesters: { names: ["other:*"] } }
  message: others ask elsewhere
`;

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const directory = temporaryDirectory();
let receiver: WebhookReceiver;
let service: TestService;
beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  service = await startService({
    policies,
    config: `${await localCluster(directory.path)}
webhooks:
  - name: chat
    url: ${receiver.url}
    secretFile: ${file('webhook-secret', `${secret}\n`)}
    certificateAuthority: ${file('receiver.crt', receiver.caPem)}
    events: [pending, issued, denied, certificate.revoked, identity.blocked, identity.unblocked]
`,
    overrides: { webhookRoundMilliseconds: 50 },
  });
});
afterAll(async () => {
  await service.close();
  await receiver.stop();
  directory.remove();
});

async function callerNamed(name: string, roles: readonly string[], maker: Caller = service.as('root')) {
  const made = await maker('post', '/v1/api-tokens')
    .send({ name, groups: [group], roles })
    .expect(201);
  expect(as.token(made).name).toBe(name);
  return service.withToken(as.token(made).token);
}

/** The data of the event about this that the webhook got, after its schema is checked. */
async function announced(type: string, of: (data: Readonly<Record<string, unknown>>) => boolean) {
  const find = () => receiver.received.map(eventIn).find((event) => event.type === type && of(event.data));
  await expect.poll(find).toBeDefined();
  return find()?.data;
}

const $defs = JSON.parse(JSON.stringify(webhookSchemas).replaceAll('#/components/schemas/', '#/$defs/')) as Record<
  string,
  object
>;

function eventIn({ headers, body }: WebhookReceiver['received'][number]) {
  const event = new Verifier(secret).verify(body, headers as Record<string, string>) as {
    readonly type: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
  const words = event.type.split(/[._]/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  const schema = Compile({ $defs, $ref: `#/$defs/${words.join('')}Event` } as object);
  expect(schema.Errors(event)[1]).toEqual([]);
  return event;
}

const eventsOf = async (query: string): Promise<readonly AuditEventBody[]> =>
  as.events(await service.as('audrey')('get', `/v1/audit-events?limit=500&${query}`).expect(200)).items;
const detailOf = (answer: Answer) => as.problem(answer).detail;

it('takes names of 253 characters, and none that is longer', async () => {
  const made = await callerNamed(longName('first'), ['requester']);
  expect(as.whoami(await made('get', '/v1/whoami').expect(200))).toMatchObject({
    name: longName('first'),
    groups: [group],
  });
  for (const body of [{ name: `${pipeline}z` }, { name: 'short', groups: [`${group}z`] }])
    await service
      .as('root')('post', '/v1/api-tokens')
      .send({ roles: ['requester'], ...body })
      .expect(400);
});

it('serves a request of such a principal, with such approvers and such a collector, to its end', async () => {
  const requester = await callerNamed(pipeline, ['requester']);
  const [leading, acting] = [await callerNamed(lead, ['approver']), await callerNamed(agent, ['approver'])];
  const ask = () =>
    requester('post', '/v1/certificate-requests')
      .set('idempotency-key', 'k'.repeat(255))
      .send({ username: 'somebody', groups: ['team-a'], collector: keeper });
  const asked = await ask().expect(201);
  expect((await ask().expect(201)).text).toBe(asked.text);
  const { id } = as.request(asked);
  const url = `/v1/certificate-requests/${id}`;
  expect(as.request(asked)).toMatchObject({ state: 'pending', requester: pipeline, collector: keeper });

  const query = `requester=${encodeURIComponent(pipeline)}`;
  const found = await service.as('audrey')('get', `/v1/certificate-requests?${query}`).expect(200);
  expect(as.requests(found).items).toHaveLength(1);
  const mine = await leading('get', '/v1/certificate-requests?awaiting=me').expect(200);
  expect(as.requests(mine).items.map((one) => one.id)).toEqual([id]);

  // In turn, by the globs of the policy.
  expect(detailOf(await acting('post', `${url}/approve`).expect(403))).toContain('it is the turn of stage 1');
  await leading('post', `${url}/approve`).expect(200);
  expect(detailOf(await leading('post', `${url}/approve`).expect(403))).toContain('nobody counts twice');
  await acting('post', `${url}/approve`).expect(200);

  expect(detailOf(await requester('post', `${url}/kubeconfig`).expect(403))).toBe(
    `only "${keeper}" may collect this key`,
  );
  const collector = await callerNamed(keeper, ['requester']);
  await collector('post', `${url}/kubeconfig`).expect(200);

  const read = as.request(await collector('get', url).expect(200));
  expect(read.approvals.map(({ principal }) => principal)).toEqual([lead, agent]);
  const trace = read.decision.trace?.find(({ name }) => name === 'pipelines');
  expect(trace?.checks).toContainEqual({
    check: 'selector.requesters.names',
    passed: true,
    expected: expect.any(String) as string,
    found: `"${pipeline}"`,
  });
  const events = await eventsOf(`principal=${encodeURIComponent(pipeline)}`);
  expect(events.map(({ type }) => type)).toEqual(['CertificateRequested']);
  expect((await eventsOf(`principal=${encodeURIComponent(lead)}`)).map(({ type }) => type)).toEqual([
    'ApprovalRecorded',
    'DecisionRefused',
  ]);
  const list = await collector('get', '/v1/certificates').expect(200);
  expect(as.certificates(list).items).toHaveLength(1);
  expect(await announced('certificate_request.issued', ({ requestId }) => requestId === id)).toMatchObject({
    requester: pipeline,
    collector: keeper,
  });
});

it('is right about who made the token of whom', async () => {
  const maker = await callerNamed(longName('maker'), ['admin']);
  const puppet = await callerNamed(longName('puppet'), ['approver'], maker);
  const asked = await maker('post', '/v1/policies/evaluate')
    .send({ username: 'x', groups: ['team-a'] })
    .expect(200);
  expect(as.decision(asked).outcome).toBe('denied');
  expect(as.whoami(await puppet('get', '/v1/whoami')).createdBy).toEqual(['root', longName('maker')]);
  const other = longName('maker').toUpperCase();
  const refused = await service
    .as('root')('post', '/v1/api-tokens')
    .send({ name: other, roles: ['requester'] });
  expect([refused.status, as.problem(refused).errors?.[0]?.pointer]).toEqual([400, '/name']);
});

it('blocks such a name as requester, lists it, and lets it in again', async () => {
  const path = `/v1/identities/${encodeURIComponent(pipeline)}`;
  const requester = await callerNamed(pipeline, ['requester']);
  const blocked = await service.as('petra')('post', `${path}/block`).send({ reason: 'keyCompromise' }).expect(200);
  expect(blocked.body).toMatchObject({ username: pipeline, blocked: { username: pipeline } });
  const body = { username: 'somebody', groups: ['team-a'], collector: keeper };
  const refused = await requester('post', '/v1/certificate-requests').send(body).expect(403);
  expect(as.problem(refused).detail).toMatch(/^your name is blocked on every cluster/);
  const list = await service.as('petra')('get', `/v1/identities?username=${encodeURIComponent(pipeline)}&blocked=true`);
  expect(list.body).toMatchObject({ items: [{ username: pipeline }] });
  await service.as('petra')('post', `${path}/unblock`).expect(200);
  await requester('post', '/v1/certificate-requests').send(body).expect(201);
  for (const type of ['identity.blocked', 'identity.unblocked'])
    expect(await announced(type, ({ username }) => username === pipeline)).toBeDefined();
});

it('pages through names of every kind and length that can be blocked', async () => {
  // The third is an escape of two characters in JSON for each; the last is many times as long in the form to compare.
  const names = [longName('page'), 'x'.repeat(253), `p${'\\'.repeat(250)}`, '𠮷'.repeat(64), '\ufdfa'.repeat(80)];
  for (const name of names)
    await service
      .as('petra')('post', `/v1/identities/${encodeURIComponent(name)}/block`)
      .send({ reason: 'superseded' })
      .expect(200);
  const found: string[] = [];
  for (let next: string | null = ''; next !== null;) {
    const answer = await service.as('petra')('get', `/v1/identities?blocked=true&limit=1${next}`).expect(200);
    const page = answer.body as { readonly items: { readonly username: string }[]; readonly nextCursor: string | null };
    found.push(...page.items.map(({ username }) => username));
    next = page.nextCursor && `&cursor=${page.nextCursor}`;
  }
  expect(found.toSorted()).toEqual(names.toSorted());
});

it('keeps requested usernames and groups at 64', async () => {
  for (const body of [{ username: 'u'.repeat(65) }, { username: 'u', groups: ['g'.repeat(65)] }]) {
    const answer = await service.as('alice')('post', '/v1/certificate-requests').send(body).expect(400);
    expect(as.problem(answer).errors?.[0]?.message).toContain('must have at most 64 characters');
  }
});
