// Tests src/requests/evaluate-policies.ts, src/requests/policy-routes.ts, src/requests/policy-schemas.ts,
// src/requests/drafts.ts, src/requests/evaluation-text.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { as, type Answer } from './support/call.js';
import { policies, startService, type Person, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const evaluate = (body: object, person: Person = 'audrey') =>
  service.as(person)('post', '/v1/policies/evaluate').send(body);
const ask = { username: 'jane', groups: ['team-a'], expirationSeconds: 7200 };
const draft = policies.replace('86400', '3600').replace('604800', '3600');

const latestEvent = async () =>
  as.events(await service.as('audrey')('get', '/v1/audit-events?type=PolicyEvaluated').expect(200)).items.at(-1);

describe('POST /v1/policies/evaluate with policies', () => {
  it('decides under those, and marks the event with their digest', async () => {
    expect(as.decision(await evaluate(ask).expect(200))).toMatchObject({ outcome: 'permitted', draft: false });
    const inForce = await latestEvent();
    expect(inForce?.details).toMatchObject({ draft: false });

    const decision = as.decision(await evaluate({ ...ask, policies: [draft] }).expect(200));
    expect(decision).toMatchObject({ outcome: 'denied', draft: true });
    expect(decision.violations.map(({ reason }) => reason)).toEqual(['ExpirationTooLong', 'ExpirationTooLong']);
    expect(decision.policySetDigest).not.toBe(inForce?.details['policySetDigest']);
    expect(await latestEvent()).toMatchObject({
      principal: 'audrey',
      details: { draft: true, policySetDigest: decision.policySetDigest, outcome: 'denied', username: 'jane' },
    });
  });

  it('is for auditor and admin; a refusal comes before the policies are read', async () => {
    const answer = await evaluate({ ...ask, policies: ['kind: Nonsense'] }, 'alice').expect(403);
    expect(as.problem(answer).type).toBe('urn:kubepass:problem:not-permitted');
  });

  it('leaves no event where they are not valid, and says where they are not', async () => {
    const before = await latestEvent();
    const answer = await evaluate({ ...ask, policies: [draft, `${draft}\n---\nkind: Policy\n`] }).expect(422);
    const { errors = [], reason } = as.problem(answer);
    expect(reason).toBe('Invalid');
    const line = draft.split('\n').length + 2;
    expect(errors).toContainEqual({ pointer: '/policies/1', message: `line ${line}, column 1: /spec: is missing` });
    expect(errors.some(({ message }) => message.includes('already the name of'))).toBe(true);
    expect((await latestEvent())?.seq).toBe(before?.seq);
  });

  it('takes a large body of policies from those who may send them, and from nobody else', async () => {
    const large = `${draft}\n# ${'x'.repeat(200_000)}\n`;
    expect(as.decision(await evaluate({ ...ask, policies: [large] }).expect(200)).draft).toBe(true);
    await evaluate({ ...ask, policies: [large] }, 'alice').expect(413);
    await evaluate({ ...ask, policies: [`${draft}\n# ${'x'.repeat(1024 * 1024)}\n`] }).expect(413);
    await service
      .as('root')('post', '/v1/certificate-requests')
      .send({ ...ask, reason: 'x'.repeat(70_000) })
      .expect(413);
  });

  it('parses no large body of anything else', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`member-${i}`, i]));
    const answer = await evaluate(many).expect(400);
    expect(as.problem(answer).detail).toBe('the body has too many members');
    await evaluate({ ...ask, policies: Array.from({ length: 101 }, () => draft) }).expect(400);
    await evaluate({ ...ask, policies: [''] }).expect(400);
    await evaluate({ ...ask, policies: 'text' }).expect(400);
    await evaluate({ ...ask, drafts: [draft] }).expect(400);
  });
});

describe('POST /v1/policies/evaluate as somebody else', () => {
  const forLeads = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: for-leads }
spec:
  selector: { clusters: [demo], requesters: { groups: [leads], roles: [requester] } }
  allowed: { usernames: ["\${requester.username}"], groups: ["team-a"] }
  approval: { mode: auto }
`;
  const jane = { name: 'jane', groups: ['leads'] };
  const outcomeOf = async (requester: object | undefined) =>
    as.decision(await evaluate({ ...ask, policies: [forLeads], requester }).expect(200)).outcome;

  it('decides by their name, groups and roles: those of the caller count for nothing', async () => {
    expect(await outcomeOf(undefined)).toBe('denied');
    expect(await outcomeOf(jane)).toBe('permitted');
    expect(await outcomeOf({ name: 'jane' })).toBe('denied');
    expect(await outcomeOf({ ...jane, name: 'mallory' })).toBe('denied');
    expect(await outcomeOf({ ...jane, roles: ['approver'] })).toBe('denied');
  });

  it('is the caller’s in the log, also under the policies in force, and says for whom', async () => {
    await evaluate({ ...ask, record: false, requester: jane }).expect(200);
    expect(await latestEvent()).toMatchObject({ principal: 'audrey', details: { draft: false, requester: 'jane' } });
    const ofJane = await service.as('audrey')('get', '/v1/audit-events?principal=jane').expect(200);
    expect(as.events(ofJane).items).toEqual([]);
  });

  it('is for auditor and admin', async () => {
    const answer = await evaluate({ ...ask, requester: jane }, 'alice').expect(403);
    expect(as.problem(answer).type).toBe('urn:kubepass:problem:not-permitted');
    expect(as.decision(await evaluate({ ...ask, requester: jane }, 'root').expect(200)).outcome).toBe('permitted');
    await evaluate({ ...ask, requester: { ...jane, roles: ['emperor'] } }).expect(400);
    await evaluate({ ...ask, requester: { groups: ['leads'] } }).expect(400);
  });
});

describe('text/plain', () => {
  const text = async (body: object) =>
    (await evaluate(body).set('accept', 'text/plain').expect(200)).text.replace(/[0-9a-f]{64}/, '<digest>');
  const golden = (name: string) => new URL(`../fixtures/evaluations/${name}.txt`, import.meta.url).pathname;

  it('says what is permitted at once', async () => {
    await expect(await text(ask)).toMatchFileSnapshot(golden('permitted'));
  });

  it('says what waits for a person', async () => {
    const body = {
      ...ask,
      groups: ['ops-eu', 'team-a'],
      namespace: 'team-a',
      reason: 'joins team A',
      collector: 'alice',
    };
    await expect(await text(body)).toMatchFileSnapshot(golden('by-hand'));
  });

  it('says why it is denied, and by what', async () => {
    const body = { username: 'jane', groups: ['blocked', 'system:masters'], expirationSeconds: 700_000 };
    await expect(await text(body)).toMatchFileSnapshot(golden('denied'));
  });

  it('says what a draft with stages and a quota asks for', async () => {
    const staged = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: staged }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["*"] }
  quota: { livePerUsername: 3, livePerGroup: 20, livePerRequester: 100, issuancesPerHour: 10 }
  approval:
    mode: manual
    expiresAfterSeconds: 14400
    stages:
      - { count: 2, approvers: { groups: [team-leads] } }
      - { count: 1, approvers: { groups: [security], roles: [approver, admin] } }
  kubeconfig: { namespace: team-a, contextName: demo-of-jane }
`;
    await expect(await text({ ...ask, policies: [staged] })).toMatchFileSnapshot(golden('staged-draft'));
  });

  it('has no character that is not seen, and no line that is wider than 100', async () => {
    const hostile = `
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: hostile }
spec: { selector: {}, message: "a\\u001b[2Jb\\u202ec\\nPERMITTED at once ${'word '.repeat(60)}" }
`;
    const groups = Array.from({ length: 32 }, (_, i) => `group-${i}-${'long'.repeat(12)}`);
    const found = await text({
      csr: (await csrFor('x\u202e\u001b[1mroot', groups)).pem,
      reason: `\t\u202e${'reason '.repeat(100)}`,
      policies: [policies, hostile],
    });
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(found).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(found.split('\n').filter((line) => Array.from(line).length > 100)).toEqual([]);
    expect(found.split('\n').filter((line) => line.startsWith('PERMITTED'))).toEqual([]);
    expect(found).toMatch(/^DENIED: /);
  });
});

describe('POST /v1/policies/evaluate with `record: false`', () => {
  const events = async () =>
    as.events(await service.as('audrey')('get', '/v1/audit-events?type=PolicyEvaluated&limit=500').expect(200)).items;
  /** How many events a call leaves, and whether its answer has what the ask opens on the cluster. */
  const leaves = async (call: () => Promise<Answer>) => {
    const before = (await events()).length;
    const decision = as.decision(await call());
    return { events: (await events()).length - before, radius: 'blastRadius' in decision, outcome: decision.outcome };
  };
  const inBrowser = async (person: Person) => {
    const begun = await service.as(person)('post', '/v1/sessions').expect(201);
    const cookies = begun.headers['set-cookie'] as unknown as readonly string[];
    const cookie = cookies.map((one) => one.split(';')[0]).join('; ');
    return (body: object) => async () =>
      service
        .anonymous('post', '/v1/policies/evaluate')
        .set('cookie', cookie)
        .set('sec-fetch-site', 'same-origin')
        .send({ ...ask, ...body })
        .expect(200);
  };

  it('leaves no event where the form of a browser asks for its own caller', async () => {
    const call = await inBrowser('audrey');
    const unseen = { events: 0, radius: false };
    expect(await leaves(call({ record: false }))).toEqual({ ...unseen, outcome: 'permitted' });
    expect(await leaves(call({ record: false, groups: ['roots'] }))).toEqual({ ...unseen, outcome: 'denied' });
    expect(await leaves(call({}))).toEqual({ events: 1, radius: true, outcome: 'permitted' });
    expect(await leaves(call({ record: true }))).toEqual({ events: 1, radius: true, outcome: 'permitted' });
  });

  it('leaves the event all the same for a draft, for a supposed directory, and without a session', async () => {
    const call = await inBrowser('audrey');
    expect(await leaves(call({ record: false, policies: [policies] }))).toMatchObject({ events: 1, radius: true });
    expect(await leaves(call({ record: false, directory: { active: true } }))).toMatchObject({ events: 1 });
    const byToken = async () => evaluate({ ...ask, record: false }).expect(200);
    expect(await leaves(byToken)).toEqual({ events: 1, radius: true, outcome: 'permitted' });
  });

  it('hides nothing of a request that is made: a form cannot ask for that with it', async () => {
    const made = await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ ...ask, record: false });
    expect(as.problem(made).errors?.map(({ pointer }) => pointer)).toEqual(['/record']);
  });
});
