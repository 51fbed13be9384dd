// Tests src/callers/permissions.ts, src/http/hooks/authentication.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import { aDirectoryUser, aSession } from '../unit/store/records.js';
import { as } from './support/call.js';
import { startService, type Method, type Person, type TestService } from './support/service.js';
import { comingAs, lettingIn } from './support/ways-in.js';
import { insertDirectoryUser } from '../../src/store/tables/directory-statements.js';
import { insertSession } from '../../src/store/tables/session-table.js';

let service: TestService;
beforeAll(async () => {
  service = await startService({ context: lettingIn });
});
afterAll(() => service.close());

/** One caller for each role. Nobody has several roles. */
const people = {
  requester: 'hr-system',
  provisioner: 'petra',
  approver: 'bob',
  auditor: 'audrey',
  admin: 'root',
} as const;
type Holder = keyof typeof people;
const holders = Object.keys(people) as Holder[];

const call = (person: Person, method: Method, url: string, body?: object) =>
  body ? service.as(person)(method, url).send(body) : service.as(person)(method, url);

/** A pending request of alice, who has no relation to any of these callers. */
async function pending(more: object = {}): Promise<string> {
  const ask = { username: 'somebody', groups: ['ops-eu'], ...more };
  const answer = await call('alice', 'post', '/v1/certificate-requests', ask);
  expect(answer.status).toBe(201);
  return answer.headers['location'] ?? '';
}

async function issued(): Promise<{ readonly url: string; readonly fingerprint: string }> {
  const answer = await call('alice', 'post', '/v1/kubeconfigs', { username: 'somebody', groups: ['team-a'] });
  const url = answer.headers['location'] ?? '';
  const request = as.request(await call('alice', 'get', url));
  return { url, fingerprint: request.certificate?.fingerprintSha256 ?? '' };
}

interface Row {
  readonly action: string;
  readonly allowed: readonly Holder[];
  /** The status for the others: 403, or 404 if they may not know that the resource exists. */
  readonly refusal: 403 | 404;
  readonly act: (person: Person) => Promise<{ readonly status: number }>;
}

const draft = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: draft }
spec: { selector: {}, allowed: { usernames: ["*"] }, approval: { mode: auto } }
`;

const everybody = holders;
const table: readonly Row[] = [
  {
    action: 'ask for a certificate',
    allowed: ['requester', 'provisioner', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/certificate-requests', { username: 'x', groups: ['ops-eu'] }),
  },
  {
    action: 'ask for a kubeconfig',
    allowed: ['requester', 'provisioner', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/kubeconfigs', { username: 'x', groups: ['team-a'] }),
  },
  {
    action: 'read whether the database was restored',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/restored'),
  },
  {
    action: 'acknowledge that the database was restored',
    allowed: ['admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/restored/acknowledge'),
  },
  {
    action: 'probe a cluster',
    allowed: ['admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/clusters/demo/probe'),
  },
  {
    action: 'read the kubeconfig for the kubectl plugin',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/clusters/demo/kubeconfig'),
  },
  {
    action: 'read somebody else’s request',
    allowed: ['approver', 'auditor', 'admin'],
    refusal: 404,
    act: async (person) => call(person, 'get', await pending()),
  },
  {
    action: 'read somebody else’s certificate',
    allowed: ['auditor', 'admin'],
    refusal: 404,
    act: async (person) => call(person, 'get', `/v1/certificates/${(await issued()).fingerprint}`),
  },
  {
    action: 'revoke somebody else’s certificate',
    allowed: ['provisioner', 'admin'],
    refusal: 404,
    act: async (person) =>
      call(person, 'post', `/v1/certificates/${(await issued()).fingerprint}/revoke`, { reason: 'unspecified' }),
  },
  {
    action: 'approve',
    allowed: ['approver', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', `${await pending()}/approve`),
  },
  {
    action: 'deny',
    allowed: ['approver', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', `${await pending()}/deny`),
  },
  {
    action: 'cancel somebody else’s request',
    allowed: ['admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', `${await pending()}/cancel`),
  },
  {
    action: 'collect a key that is another’s to collect',
    allowed: [],
    refusal: 403,
    act: async (person) => {
      const url = await pending();
      await call('carol', 'post', `${url}/approve`);
      return call(person, 'post', `${url}/kubeconfig`);
    },
  },
  {
    action: 'see the policies',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/policies'),
  },
  {
    action: 'see what they may ask for',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/policies/offers'),
  },
  {
    action: 'read the files of the policies',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/policies/texts'),
  },
  {
    action: 'see how policies are written',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/policies/schema.json'),
  },
  {
    action: 'evaluate',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/policies/evaluate', { username: 'x' }),
  },
  {
    action: 'evaluate under policies of their own',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/policies/evaluate', { username: 'x', policies: [draft] }),
  },
  {
    action: 'replay',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/policies/replay', { policies: [draft] }),
  },
  {
    action: 'see who they are',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/whoami'),
  },
  {
    action: 'see the clusters',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/clusters'),
  },
  {
    action: 'read the audit log',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/audit-events'),
  },
  {
    action: 'export the audit log',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => service.as(person)('get', '/v1/audit-events').set('accept', 'application/x-ndjson'),
  },
  {
    action: 'verify the audit log',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/audit-events/verification'),
  },
  ...[
    ['read the checkpoint of the audit log', 'checkpoint'],
    ['see the keys of checkpoints', 'checkpoint-keys'],
    ['prove an event', '1/proof'],
    ['prove that the audit log was only added to', 'consistency?from=1&to=1'],
  ].map(([action = '', path = '']) => ({
    action,
    allowed: ['auditor', 'admin'] as const,
    refusal: 403 as const,
    act: async (person: Person) => call(person, 'get', `/v1/audit-events/${path}`),
  })),
  {
    action: 'read the metrics',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/metrics'),
  },
  {
    action: 'see what became of webhooks',
    allowed: ['auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/webhook-deliveries'),
  },
  {
    action: 'make an API token',
    allowed: ['admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/api-tokens', { name: 'x', roles: ['requester'] }),
  },
  {
    action: 'list identities',
    allowed: ['provisioner', 'auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/identities'),
  },
  {
    action: 'block an identity',
    allowed: ['provisioner', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/identities/leaver/block', { reason: 'affiliationChanged' }),
  },
  {
    action: 'unblock an identity',
    allowed: ['provisioner', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/identities/leaver/unblock'),
  },
  {
    action: 'list the people in the directory',
    allowed: ['provisioner', 'auditor', 'admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/directory-users'),
  },
  {
    action: 'say that a name is another person’s now',
    allowed: ['admin'],
    refusal: 403,
    act: async (person) => {
      const now = new Date();
      const user = aDirectoryUser({ userName: `successor-${randomUUID()}`, createdAt: now, changedAt: now });
      await service.store.writer.commit({ operations: [insertDirectoryUser(user)], events: [] });
      return call(person, 'post', `/v1/directory-users/${user.id}/confirm`);
    },
  },
  {
    action: 'change the directory',
    allowed: [],
    refusal: 403,
    act: async (person) => call(person, 'post', '/scim/v2/Users', { userName: 'x' }),
  },
  {
    action: 'list API tokens',
    allowed: ['admin'],
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/api-tokens'),
  },
  {
    action: 'revoke an API token',
    allowed: ['admin'],
    refusal: 403,
    act: async (person) => {
      const made = await call('root', 'post', '/v1/api-tokens', { name: 'short-lived', roles: ['requester'] });
      return call(person, 'delete', `/v1/api-tokens/${as.token(made).id}`);
    },
  },
  {
    action: 'sign a browser in',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'post', '/v1/sessions'),
  },
  {
    action: 'see which browsers are signed in',
    allowed: everybody,
    refusal: 403,
    act: async (person) => call(person, 'get', '/v1/sessions'),
  },
  {
    action: 'sign somebody else out',
    allowed: ['admin'],
    refusal: 404,
    act: async (person) => {
      const now = new Date();
      const session = aSession({ createdAt: now, usedAt: now, expiresAt: new Date(now.getTime() + 3_600_000) });
      const operations = [insertSession({ session, secretSha256: session.id })];
      await service.store.writer.commit({ operations, events: [] });
      return call(person, 'delete', `/v1/sessions/${session.id}`);
    },
  },
];

describe('who may do what', () => {
  const cases = table.flatMap((row) => holders.map((holder) => ({ ...row, holder })));

  it.each(cases.filter(({ allowed, holder }) => allowed.includes(holder)))(
    'role $holder may $action',
    async ({ holder, act }) => {
      expect((await act(people[holder])).status).toBeLessThan(300);
    },
  );

  it.each(cases.filter(({ allowed, holder }) => !allowed.includes(holder)))(
    'role $holder may not $action',
    async ({ holder, act, refusal, action }) => {
      const { status } = await act(people[holder]);
      // Callers who may not read a request do not learn that it exists.
      const hidden = (holder === 'requester' || holder === 'provisioner') && /approve|deny|cancel|collect/.test(action);
      // An auditor may read it, so they learn that they may not revoke it.
      const known = holder === 'auditor' && action.startsWith('revoke somebody');
      expect(status).toBe(hidden ? 404 : known ? 403 : refusal);
    },
  );
});

describe('a caller without a role, for whom an identity provider vouches', () => {
  const caller = (name: string) => comingAs(service, name, []);

  it.each<[Method, string, object?]>([
    ['get', '/v1/policies'],
    ['get', '/v1/policies/schema.json'],
    ['post', '/v1/policies/evaluate', { username: 'x' }],
    ['post', '/v1/inspections', {}],
    ['get', '/v1/clusters'],
    ['get', '/v1/clusters/demo'],
    ['get', '/v1/clusters/demo/certificate-authority'],
    ['post', '/v1/certificate-requests', { username: 'x' }],
    ['post', '/v1/kubeconfigs', { username: 'x' }],
    ['get', '/v1/audit-events'],
    ['get', '/v1/audit-events/checkpoint'],
    ['get', '/metrics'],
    ['get', '/v1/api-tokens'],
    ['get', '/v1/identities'],
  ])('may not %s %s', async (method, url, body) => {
    const call = caller('stranger')(method, url);
    const { body: problem } = await (body ? call.send(body) : call).expect(403);
    expect(problem).toMatchObject({ detail: expect.stringContaining('you have no role here') as string });
  });

  it('sees who they are, and nothing that is not theirs', async () => {
    const me = as.whoami(await caller('stranger')('get', '/v1/whoami').expect(200));
    expect(me).toMatchObject({ name: 'stranger', roles: [], permissions: [] });
    const [url, { fingerprint }] = [await pending(), await issued()];
    for (const path of [url, `${url}/certificate`, `/v1/certificates/${fingerprint}`])
      await caller('stranger')('get', path).expect(404);
    for (const path of [`${url}/approve`, `${url}/cancel`, `${url}/kubeconfig`])
      await caller('stranger')('post', path).expect(404);
    const list = as.requests(await caller('stranger')('get', '/v1/certificate-requests').expect(200));
    expect(list.items).toEqual([]);
  });

  it('collects the key that somebody asked for on their behalf, and revokes the certificate', async () => {
    const url = await pending({ collector: 'newcomer' });
    await call('carol', 'post', `${url}/approve`).then(({ status }) => expect(status).toBe(200));
    await caller('newcomer')('post', `${url}/kubeconfig`).expect(200);
    const { certificate } = as.request(await caller('newcomer')('get', url).expect(200));
    const path = `/v1/certificates/${certificate?.fingerprintSha256 ?? ''}/revoke`;
    await caller('newcomer')('post', path).send({ reason: 'keyCompromise' }).expect(200);
  });
});

it('lets nobody but an admin send a webhook again, and tells nobody else whether there is one', async () => {
  for (const [person, status] of [
    ['hr-system', 403],
    ['bob', 403],
    ['audrey', 403],
    ['root', 404],
  ] as const)
    expect((await call(person, 'post', '/v1/webhook-deliveries/msg_1/retry')).status, person).toBe(status);
});

describe('nobody decides on what is theirs', () => {
  it.each<[string, Person, object, Person]>([
    ['the requester', 'carol', {}, 'carol'],
    ['the collector', 'alice', { collector: 'bob' }, 'bob'],
    ['who is to be the user', 'alice', { username: 'bob' }, 'bob'],
    ['an admin who asked', 'root', {}, 'root'],
  ])('not %s', async (_who, requester, more, decider) => {
    const ask = { username: 'somebody', groups: ['ops-eu'], ...more };
    const url = (await call(requester, 'post', '/v1/certificate-requests', ask)).headers['location'] ?? '';
    for (const decision of ['approve', 'deny']) {
      const answer = await call(decider, 'post', `${url}/${decision}`).expect(403);
      expect(as.problem(answer).type).toBe('urn:kubepass:problem:not-permitted');
    }
    expect(as.request(await call('root', 'get', url)).state).toBe('pending');
  });

  it('nor with a token that the requester made, directly or through others', async () => {
    const token = async (by: string, name: string, roles: string[]) =>
      as.token(await service.withToken(by)('post', '/v1/api-tokens').send({ name, roles }).expect(201)).token;
    const url = (await call('root', 'post', '/v1/certificate-requests', { username: 'x', groups: ['ops-eu'] })).headers[
      'location'
    ];
    const puppet = await token(service.tokenOf('root'), 'puppet', ['approver', 'admin']);
    const puppetOfPuppet = await token(puppet, 'puppet-of-puppet', ['approver']);
    for (const secret of [puppet, puppetOfPuppet])
      await service.withToken(secret)('post', `${url}/approve`).expect(403);
    await service.as('bob')('post', `${url}/approve`).expect(200);
  });
});

describe('lists', () => {
  it('show a requester their own and what they collect, and approvers and auditors all', async () => {
    await pending({ username: 'listed', collector: 'hr-system' });
    await pending({ username: 'listed' });
    const count = async (person: Person) =>
      as.requests(await call(person, 'get', '/v1/certificate-requests?username=listed')).items.length;
    expect(await count('alice')).toBe(2);
    expect(await count('hr-system')).toBe(1);
    expect(await count('carol')).toBe(2);
    expect(await count('audrey')).toBe(2);
  });

  it('are filtered by state, cluster, username and requester, and read page by page', async () => {
    for (const username of ['paged-1', 'paged-2', 'paged-3']) await pending({ username });
    const list = async (query: string) => as.requests(await call('bob', 'get', `/v1/certificate-requests?${query}`));
    const first = await list('requester=alice&state=pending&cluster=demo&limit=2');
    expect(first.items.map(({ username }) => username)).toEqual(['paged-3', 'paged-2']);
    const next = await list(`requester=alice&state=pending&cluster=demo&limit=1&cursor=${first.nextCursor}`);
    expect(next.items.map(({ username }) => username)).toEqual(['paged-1']);
    expect((await list('username=paged-2')).items).toHaveLength(1);
    expect((await list('username=paged-2&state=issued')).items).toHaveLength(0);
    expect((await list('requester=carol&username=paged-1')).items).toHaveLength(0);
  });
});
