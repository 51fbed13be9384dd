// Tests src/requests/request-schemas.ts, src/requests/read-requests.ts, src/requests/create-request.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as } from '../../http/support/call.js';
import { policies, startService, type TestService } from '../../http/support/service.js';

/** As the policies of every test; and requests for team `blue` need a ticket, those for `sealed` are refused. */
const withLabels = `${policies.replace(
  'selector: { clusters: [demo] }\n  allowed: { usernames: ["*"], groups: ["team-*"], collectors: ["*"] }',
  `selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["team-*"], collectors: ["*"] }
  validations:
    - expression: '!("team" in request.labels) || request.labels["team"] != "blue" || "ticket" in request.labels'
      message: team blue gives a ticket`,
)}---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: sealed }
spec:
  selector: { labels: { team: ["sealed*"] } }
  message: that team is sealed
`;

let service: TestService;
beforeAll(async () => {
  service = await startService({ policies: withLabels });
});
afterAll(() => service.close());

const ask = (body: object, path = '/v1/certificate-requests') => service.as('alice')('post', path).send(body);
const jane = { username: 'jane', groups: ['team-a'], expirationSeconds: 3600 };

describe('labels of a request', () => {
  const labels = { team: 'payments', constructor: 'a=b', empty: '' };

  it('are kept with it, shown and put on record', async () => {
    const made = await ask({ ...jane, labels }).expect(201);
    expect(as.request(made).labels).toEqual(labels);
    const url = made.headers['location'] ?? '';
    const read = as.request(await service.as('bob')('get', url).expect(200));
    expect(read.labels).toEqual(labels);
    expect(read.decision.traceNote).toBeNull();
    const events = await service.as('audrey')('get', `/v1/audit-events?requestId=${read.id}`).expect(200);
    const [asked] = as.events(events).items;
    expect(asked?.details['labels']).toEqual(labels);
    expect(as.verification(await service.as('audrey')('get', '/v1/audit-events/verification')).valid).toBe(true);
  });

  it('are an empty object where there are none, and leave no trace in the log then', async () => {
    const made = as.request(await ask(jane).expect(201));
    expect(made.labels).toEqual({});
    const events = await service.as('audrey')('get', `/v1/audit-events?requestId=${made.id}`).expect(200);
    expect(events.text).not.toContain('labels');
  });

  it('are taken with a kubeconfig too', async () => {
    const made = await ask({ ...jane, labels: { team: 'kube' } }, '/v1/kubeconfigs').expect(201);
    const read = await service
      .as('alice')('get', made.headers['location'] ?? '')
      .expect(200);
    expect(as.request(read).labels).toEqual({ team: 'kube' });
    expect(made.text).not.toContain('team: kube');
  });

  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${String(i)}`, 'v']));
  it.each<[string, unknown]>([
    ['17 of them', many(17)],
    ['a key that is no DNS label', { Team: 'a' }],
    ['a key with a =', { 'a=b': 'c' }],
    ['an empty key', { '': 'a' }],
    ['a key of 64 characters', { ['k'.repeat(64)]: 'a' }],
    ['a value of 64 characters', { team: 'v'.repeat(64) }],
    ['a value that is no text', { team: 1 }],
    ['a value that is null', { team: null }],
    ['a control character', { team: 'a\u0000b' }],
    ['a line break', { team: 'a\nb' }],
    ['a C1 control character', { team: 'a\u0085b' }],
    ['a bidirectional override', { team: 'a\u202eb' }],
    ['a line separator', { team: 'a\u2028b' }],
    ['a list', ['team=a']],
    ['null', null],
  ])('are refused with %s', async (_, labels) => {
    const answer = await ask({ ...jane, labels }).expect(400);
    const pointers = as.problem(answer).errors?.map(({ pointer }) => pointer) ?? [];
    expect(pointers.length).toBeGreaterThan(0);
    for (const pointer of pointers) expect(pointer).toMatch(/^\/labels/);
  });

  it.each([many(16), { ['k'.repeat(63)]: 'é'.repeat(63) }, {}])('may be %j', async (labels) => {
    expect(as.request(await ask({ ...jane, labels }).expect(201)).labels).toEqual(labels);
  });

  it('are part of what an Idempotency-Key stands for', async () => {
    const keyed = (labels: object) => ask({ ...jane, labels }).set('idempotency-key', 'labels-1');
    const first = await keyed({ team: 'one' }).expect(201);
    expect((await keyed({ team: 'one' }).expect(201)).text).toBe(first.text);
    const other = await keyed({ team: 'two' }).expect(422);
    expect(as.problem(other).type).toBe('urn:kubepass:problem:idempotency-key-reused');
  });
});

describe('a list of requests', () => {
  const usernames = async (query: string) =>
    as
      .requests(await service.as('bob')('get', `/v1/certificate-requests?${query}`).expect(200))
      .items.map(({ username }) => username);

  beforeAll(async () => {
    await ask({ ...jane, username: 'l-1', labels: { env: 'prod', owner: 'a&b=c' } }).expect(201);
    await ask({ ...jane, username: 'l-2', labels: { env: 'prod' } }).expect(201);
    await ask({ ...jane, username: 'l-3', labels: { env: 'dev' } }).expect(201);
  });

  it('is filtered by one label and by several', async () => {
    expect(await usernames('label=env%3Dprod')).toEqual(['l-2', 'l-1']);
    expect(await usernames('label=env=prod&label=owner=a%26b=c')).toEqual(['l-1']);
    expect(await usernames('label=env=prod&label=env=dev')).toEqual([]);
    expect(await usernames('label=env=pro')).toEqual([]);
    expect(await usernames('label=constructor=')).toEqual([]);
    expect(await usernames('label=env=prod&usernamePrefix=l-')).toEqual(['l-1', 'l-2']);
  });

  it('keeps its labels in the link to the next page', async () => {
    const first = await service.as('bob')('get', '/v1/certificate-requests?label=env=prod&label=owner=a%26b=c&limit=1');
    expect(first.headers['link']).toBeUndefined();
    const page = await service.as('bob')('get', '/v1/certificate-requests?label=env=prod&limit=1').expect(200);
    const next = /^<([^>]+)>/.exec(page.headers['link'] ?? '')?.[1] ?? '';
    const second = as.requests(await service.as('bob')('get', next).expect(200));
    expect(second.items.map(({ username }) => username)).toEqual(['l-1']);
    expect(second.nextCursor).toBeNull();
  });

  it.each(['label=env', 'label=', 'label=Env=prod', 'label==prod', `label=${'k'.repeat(64)}=v`])(
    'refuses %s',
    async (query) => {
      const answer = await service.as('bob')('get', `/v1/certificate-requests?${query}`).expect(400);
      expect(as.problem(answer).errors?.[0]?.pointer).toBe('/query/label/0');
    },
  );

  it('refuses more labels than a request can have', async () => {
    const query = Array.from({ length: 17 }, (_, i) => `label=k${String(i)}=v`).join('&');
    await service.as('bob')('get', `/v1/certificate-requests?${query}`).expect(400);
  });
});

describe('policies', () => {
  const reasons = (violations: readonly { readonly reason: string }[] | undefined) =>
    violations?.map(({ reason }) => reason);

  it('decide by labels, in expressions and selectors', async () => {
    const denied = await ask({ ...jane, labels: { team: 'blue' } }).expect(201);
    // The automatic policy refuses it, the one by hand does not.
    expect(as.request(denied)).toMatchObject({ state: 'pending', decision: { policy: 'by-hand' } });
    expect(as.request(await ask({ ...jane, labels: { team: 'blue', ticket: '1' } })).state).toBe('approved');
    const sealed = await ask({ ...jane, labels: { team: 'sealed-1' } }).expect(403);
    expect(reasons(as.problem(sealed).violations)).toEqual(['DeniedByGuardrail']);
  });

  it('decide again by the labels that were recorded, and show in the trace what they found', async () => {
    const sealed = await ask({ ...jane, labels: { team: 'sealed-2' } }).expect(403);
    const read = as.request(
      await service
        .as('bob')('get', sealed.headers['location'] ?? '')
        .expect(200),
    );
    expect(read.decision.traceNote).toBeNull();
    const rule = read.decision.trace?.find(({ name }) => name === 'sealed');
    expect(rule?.checks[0]).toMatchObject({ check: 'selector.labels.team', passed: true, found: '"sealed-2"' });
  });

  it('are tried out with labels, those in force and a draft, and as text', async () => {
    const evaluate = (body: object) =>
      service
        .as('audrey')('post', '/v1/policies/evaluate')
        .send({ ...jane, ...body });
    for (const more of [{}, { policies: [withLabels] }]) {
      const sealed = as.decision(await evaluate({ ...more, labels: { team: 'sealed' } }).expect(200));
      expect(reasons(sealed.violations)).toEqual(['DeniedByGuardrail']);
      const blue = as.decision(await evaluate({ ...more, labels: { team: 'blue' } }).expect(200));
      expect(blue.policy).toBe('by-hand');
      expect(as.decision(await evaluate(more).expect(200)).policy).toBe('automatic');
    }
    const text = await evaluate({ labels: { team: 'a "b"' } })
      .set('accept', 'text/plain')
      .expect(200);
    expect(text.text).toContain('label team  "a \\"b\\""');
    const events = await service.as('audrey')('get', '/v1/audit-events?type=PolicyEvaluated').expect(200);
    expect(as.events(events).items.at(-1)?.details['labels']).toEqual({ team: 'a "b"' });
  });

  it('are replayed with the labels that were recorded', async () => {
    const made = as.request(await ask({ ...jane, username: 'replayed', labels: { team: 'green' } }).expect(201));
    const draft = withLabels.replace('sealed*', 'green');
    const answer = await service
      .as('audrey')('post', '/v1/policies/replay')
      .send({ policies: [draft] })
      .expect(200);
    type Line = { type: string; id?: string; wouldBe?: { outcome: string } };
    const { items: lines } = answer.body as { items: Line[] };
    expect(lines.at(-1)).toMatchObject({ type: 'summary', failed: 0, undecidable: { requests: 0 } });
    const changed = lines.find(({ id }) => id === made.id);
    expect(changed).toMatchObject({ type: 'changed', wouldBe: { outcome: 'denied' } });
    const sealed = lines.filter(({ wouldBe }) => wouldBe?.outcome === 'permitted');
    expect(sealed).toHaveLength(2);
  });
});
