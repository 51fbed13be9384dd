// Tests src/callers/authentication/callers.ts, src/context/standing.ts, src/callers/sessions.ts,
// src/store/postgresql/open-postgresql-store.ts
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { stringify } from 'yaml';
import { startChild, type ChildService } from '../crash/child-service.js';
import { callTo, everyItem, type Call } from '../crash/ledger.js';
import { makeApiToken } from '../../src/callers/api-tokens.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import { insertApiToken } from '../../src/store/tables/api-token-table.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { IdentityProvider } from '../helpers/identity-provider.js';
import { CookieClient } from '../helpers/identity-provider/sign-in.js';
import { keyProof } from '../helpers/key-proof.js';
import { localAuthority } from '../helpers/local-authority.js';
import { freshDatabase, query, type TestDatabase } from '../helpers/postgresql/databases.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { connectRaw } from '../http/support/raw-client.js';
import { policies } from '../http/support/service.js';
import { SigningBrowser } from '../http/support/sign-in.js';
import { aPolicy } from '../helpers/policies.js';

/** The address of both replicas: a balancer would be there. */
const origin = 'https://kubepass.example';
const byTwo = aPolicy('by-two', { groups: ['two-*'] }, { approval: { mode: 'manual', stages: [{ count: 2 }] } });
const directory = temporaryDirectory();
const [dataDir, policiesDir] = [join(directory.path, 'data'), join(directory.path, 'policies')];
let cluster: FakeApiServer;
let provider: IdentityProvider;
let database: TestDatabase;
let environment: Readonly<Record<string, string>>;
const started: ChildService[] = [];
/** The replicas A and B. */
const replicas: ChildService[] = [];

async function start(ahead = 0): Promise<ChildService> {
  const own = { ...environment, CLOCK_AHEAD_SECONDS: String(ahead) };
  const replica = await startChild(dataDir, policiesDir, undefined, own);
  started.push(replica);
  return replica;
}

beforeAll(async () => {
  [cluster, provider, database] = await Promise.all([
    FakeApiServer.start(),
    IdentityProvider.start({
      tls: true,
      accounts: { jane: { groups: ['staff'] } },
      clients: [
        {
          client_id: 'kubepass-login',
          token_endpoint_auth_method: 'none',
          redirect_uris: [`${origin}/v1/login/corp/callback`],
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
    }),
    freshDatabase(inject('databases')),
  ]);
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), policies + byTwo);
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  const authority = await localAuthority();
  const certFile = file('ca.crt', authority.certificatePem);
  const signer = { localCA: { certFile, keyFile: file('ca.key', authority.privateKeyPem) } };
  const kubeconfig = file('kubeconfig', await cluster.kubeconfig({ username: 'kubepass', groups: ['system:masters'] }));
  const config = {
    publicAddress: { url: origin },
    tls: { terminated: true },
    clusters: [
      { name: 'demo', server: 'https://127.0.0.1:6443', servingCertificateAuthority: certFile, signer },
      { name: 'prod-eu', server: cluster.url, signer: 'kubernetes', kubeconfig },
    ],
    callers: {
      oidc: [
        {
          ...{ name: 'corp', issuer: provider.issuer, audiences: ['kubepass'] },
          certificateAuthority: file('idp.crt', provider.caPem ?? ''),
          login: { clientId: 'kubepass-login' },
        },
      ],
      serviceAccounts: [{ cluster: 'prod-eu', audience: 'kubepass-eu' }],
    },
    roles: [{ groups: ['staff'], roles: ['requester'] }],
    // Leavers keep their tokens here, and the tokens have no role.
    directory: { revokeTokens: false },
  };
  environment = { DATABASE_URL: database.url, KUBEPASS_CONFIG: file('kubepass.yaml', stringify(config)) };
  replicas.push(await start(), await start());
});
afterAll(async () => {
  for (const replica of started) await replica.kill();
  await Promise.all([cluster.close(), provider.stop()]);
  await database.drop();
  directory.remove();
});

const adminToken = () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
const [A, B] = [0, 1] as const;
type Replica = typeof A | typeof B;
const to = (replica: Replica, token: () => string = adminToken): Call =>
  callTo(() => replicas[replica]?.address ?? '', token);
/** The members of bodies that the tests read. */
interface Body {
  readonly id: string;
  readonly token: string;
  readonly state: string;
  readonly rolesLost?: string;
  readonly members: readonly unknown[];
  readonly certificate: { readonly fingerprintSha256: string };
}
const json = ({ text }: { readonly text: string }) => JSON.parse(text) as Body;

async function tokenOf(name: string, roles: readonly string[], replica: Replica = A) {
  const answer = await to(replica)('POST', '/v1/api-tokens', JSON.stringify({ name, roles }));
  expect(answer.status, answer.text).toBe(201);
  return json(answer);
}
const whoami = async (replica: Replica, token: string) =>
  to(replica, () => token)('GET', '/v1/whoami', undefined, { connection: 'close' });
const block = (name: string, call = to(A)) =>
  call('POST', `/v1/identities/${name}/block`, '{"reason":"privilegeWithdrawn"}');
const unblock = (name: string, call = to(A)) => call('POST', `/v1/identities/${name}/unblock`, '{}');

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
let serial = 0;
const serviceAccountToken = (account: string) => {
  const exp = Math.floor(Date.now() / 1000) + 3_600;
  const claims = { aud: ['kubepass-eu'], exp, sub: `system:serviceaccount:ci:${account}`, jti: String(serial++) };
  return `${base64url({ alg: 'RS256', kid: 'a' })}.${base64url(claims)}.${'A'.repeat(342)}`;
};
const reviewsAs = (status: object, times = 1) => {
  const body = JSON.stringify({ kind: 'TokenReview', status });
  cluster.fail({ to: /^POST .*tokenreviews$/, times, answer: { status: 201, body } });
};
const accepts = (account: string) => {
  const user = { username: `system:serviceaccount:ci:${account}`, uid: '0a9f6b5e', groups: [] };
  reviewsAs({ authenticated: true, audiences: ['kubepass-eu'], user });
};

interface Held {
  readonly fingerprint: string;
  readonly key: string | Awaited<ReturnType<typeof csrFor>>['keyPair']['privateKey'];
}
/** A certificate of a new name, whose key this test holds. */
async function held(): Promise<Held & { readonly username: string }> {
  const username = `user-${randomUUID()}`;
  const { pem, keyPair } = await csrFor(username, ['team-a']);
  const answer = await to(A)('POST', '/v1/certificate-requests', JSON.stringify({ cluster: 'demo', csr: pem }), {
    prefer: 'wait=20',
  });
  const { certificate } = json(answer);
  return { fingerprint: certificate.fingerprintSha256, key: keyPair.privateKey, username };
}
/** Somebody who holds the certificate renews it; the same proof each time that the answer is called. */
async function renewing({ fingerprint, key, username }: Held & { readonly username: string }) {
  const { pem: csr } = await csrFor(username, ['team-a']);
  const proof = await keyProof({ fingerprint, key, address: origin, csr });
  return async (replica: Replica) =>
    (
      await to(replica)('POST', `/v1/certificates/${fingerprint}/renew`, JSON.stringify({ csr }), {
        authorization: `KubepassProof ${proof}`,
      })
    ).status;
}

/**
 * Guesses of strangers at a replica, of each kind, as fast as it answers; until `work` is done. Answers how they were
 * answered.
 */
async function flooding<T>(replica: () => ChildService | undefined, work: () => Promise<T>) {
  const fingerprint = randomBytes(32).toString('hex');
  const { pem: csr, keyPair } = await csrFor('stranger');
  const proof = await keyProof({ fingerprint, key: keyPair.privateKey, address: origin, csr });
  const answers = new Map<number, number>();
  let goesOn = true;
  const guess = async (i: number) => {
    const address = replica()?.address ?? '';
    const path = i % 5 === 0 ? `/v1/certificates/${fingerprint}/renew` : '/v1/whoami';
    const authorization =
      i % 5 === 0 ? `KubepassProof ${proof}` : `Bearer kubepass_${randomBytes(32).toString('base64url')}`;
    const init = i % 5 === 0 ? { method: 'POST', body: JSON.stringify({ csr }) } : {};
    const headers = { authorization, ...(i % 5 === 0 && { 'content-type': 'application/json' }) };
    // A replica that is being restarted refuses connections.
    const answer = await fetch(`${address}${path}`, { ...init, headers }).catch(() => null);
    await answer?.arrayBuffer().catch(() => null);
    const status = answer?.status ?? 0;
    answers.set(status, (answers.get(status) ?? 0) + 1);
    if (status === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const strangers = Array.from({ length: 40 }, async (_, i) => {
    while (goesOn) await guess(i);
  });
  const enough = () => (answers.get(429) ?? 0) > 100;
  try {
    await expect.poll(enough).toBe(true);
    return { done: await work(), answers };
  } finally {
    goesOn = false;
    await Promise.all(strangers);
  }
}
const flooded = (replica: Replica) => () => replicas[replica];
const both = [A, B] as const;

/** How long a call takes now, so that bounds know how busy the machine is. */
async function took(call: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await call();
  return performance.now() - begun;
}

describe('while strangers guess at one of two replicas', () => {
  it('credentials that nobody has seen get in at both, and a portal goes on at the other without an error', async () => {
    let goesOn = true;
    let issued = 0;
    const connections = async () =>
      query(database.ownerUrl, async (client) => {
        const sql = 'SELECT COUNT(*)::int AS "n" FROM pg_stat_activity WHERE "datname" = current_database()';
        return (await client.query<{ n: number }>(sql)).rows[0]?.n ?? 0;
      });
    const { answers } = await flooding(flooded(A), async () => {
      const portal = Array.from({ length: 4 }, async () => {
        while (goesOn) {
          const body = JSON.stringify({ cluster: 'demo', username: `user-${randomUUID()}`, groups: ['team-a'] });
          const { status, text } = await to(B)('POST', '/v1/kubeconfigs', body);
          expect(status, text).toBe(201);
          issued += 1;
        }
      });
      const busiest: number[] = [];
      for (let i = 0; i < 5; i += 1) {
        const { token } = await tokenOf(`newcomer-${i}`, ['requester'], i % 2 ? A : B);
        for (const replica of both) expect((await whoami(replica, token)).status).toBe(200);
        accepts('deployer');
        expect((await whoami(i % 2 ? A : B, serviceAccountToken('deployer'))).status).toBe(200);
        const holder = await held();
        expect(await (await renewing(holder))(i % 2 ? A : B)).toBe(201);
        busiest.push(await connections());
      }
      // Each has ten to read and one to write; the test looks by one more.
      expect(Math.max(...busiest)).toBeLessThanOrEqual(2 * 11 + 1);
      goesOn = false;
      await Promise.all(portal);
    });
    goesOn = false;
    expect(issued).toBeGreaterThan(20);
    expect([...answers.keys()].filter((status) => ![401, 429, 503].includes(status))).toEqual([]);
  });

  it('a service account gets in at both after guesses in its name at one', async () => {
    reviewsAs({ authenticated: false }, 62);
    const refused = await Promise.all(Array.from({ length: 62 }, () => whoami(A, serviceAccountToken('victim'))));
    expect(new Set(refused.map(({ status }) => status)).has(200)).toBe(false);
    for (const replica of both) {
      accepts('victim');
      expect((await whoami(replica, serviceAccountToken('victim'))).status).toBe(200);
    }
  });

  it('a token that is revoked at the other one ends within five seconds', async () => {
    const { id, token } = await tokenOf('short-lived', ['requester']);
    await flooding(flooded(B), async () => {
      const once = await took(async () => expect((await whoami(B, token)).status).toBe(200));
      expect((await to(A)('DELETE', `/v1/api-tokens/${id}`)).status).toBeLessThan(300);
      const answeredAt = performance.now();
      expect((await whoami(A, token)).status).toBeGreaterThan(400);
      const status = async () => (await whoami(B, token)).status;
      await expect.poll(status, { interval: 50 }).not.toBe(200);
      expect(performance.now() - answeredAt).toBeLessThan(5_500 + 10 * once);
    });
  });

  it('the other one is killed and comes back, and knows at once what happened meanwhile', async () => {
    const { token } = await tokenOf('mallory', ['auditor']);
    await flooding(flooded(A), () =>
      flooding(flooded(B), async () => {
        await replicas[B]?.kill();
        expect((await block('mallory')).status).toBe(200);
        const made = await tokenOf('made-meanwhile', ['requester']);
        replicas[B] = await start();
        expect(json(await whoami(B, token))).toMatchObject({ roles: [], rolesLost: 'blocked' });
        expect((await whoami(B, made.token)).status).toBe(200);
      }),
    );
    expect((await unblock('mallory')).status).toBe(200);
  });
});

describe('a proof of possession', () => {
  it('that was used at one replica is refused by both, and counts once where both get it at once', async () => {
    const first = await renewing(await held());
    expect(await first(A)).toBe(201);
    expect(await Promise.all([first(A), first(B)])).toEqual(
      [401, 401].map(() => expect.toBeOneOf([401, 429]) as number),
    );
    for (let i = 0; i < 10; i += 1) {
      const renew = await renewing(await held());
      const answers = await Promise.all([renew(A), renew(B), renew(A), renew(B)]);
      expect(answers.filter((status) => status === 201)).toHaveLength(1);
      expect(answers.filter((status) => status >= 500)).toEqual([]);
    }
  });
});

describe('somebody who is blocked at one replica', () => {
  const ask = async (groups: readonly string[]) => {
    const body = JSON.stringify({ cluster: 'demo', username: `app-${randomUUID()}`, groups });
    const answer = await to(A, () => requester)('POST', '/v1/certificate-requests', body);
    return json(answer).id;
  };
  const approve = async (replica: Replica, token: string, id: string) =>
    (await to(replica, () => token)('POST', `/v1/certificate-requests/${id}/approve`, '{}')).status;
  let requester: string;
  beforeAll(async () => {
    requester = (await tokenOf('hr-portal', ['requester'])).token;
  });

  it('approves nothing at the other one a second later, whatever they sent meanwhile', async () => {
    const { token } = await tokenOf('vic', ['approver']);
    const ids = await Promise.all(Array.from({ length: 60 }, () => ask(['ops-a'])));
    const once = await took(async () => expect(await approve(B, token, ids.pop()!)).toBe(200));
    const next = ids.pop()!;
    const approvals: { readonly at: number; readonly status: number }[] = [];
    let goesOn = true;
    const approving = Array.from({ length: 2 }, async () => {
      for (let id = ids.pop(); goesOn && id !== undefined; id = ids.pop()) {
        const at = performance.now();
        approvals.push({ at, status: await approve(B, token, id) });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
    await expect.poll(() => approvals.length).toBeGreaterThan(4);
    expect((await block('VIC')).status).toBe(200);
    const answeredAt = performance.now();
    const isOver = () => approvals.some(({ status }) => status !== 200);
    await expect.poll(isOver, { interval: 20 }).toBe(true);
    goesOn = false;
    await Promise.all(approving);
    const late = approvals.filter(({ at, status }) => at > answeredAt + 1_000 + 10 * once && status === 200);
    expect(late).toEqual([]);
    expect(await approve(B, token, next)).toBe(403);
    expect((await unblock('vic')).status).toBe(200);
  });

  it('approves nothing with a call that was begun before, and whose body comes behind the block', async () => {
    const { token } = await tokenOf('slow', ['approver']);
    const id = await ask(['ops-a']);
    expect((await whoami(B, token)).status).toBe(200);
    const { socket, received, ended } = await connectRaw(replicas[B]?.address ?? '');
    socket.write(
      `POST /v1/certificate-requests/${id}/approve HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n` +
        'content-type: application/json\r\ncontent-length: 2\r\n\r\n{',
    );
    expect((await block('slow')).status).toBe(200);
    await expect.poll(async () => json(await whoami(B, token)).rolesLost).toBe('blocked');
    // A moment more than a caller is believed who sends the body at once.
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.write('}');
    await ended;
    expect(received().split(' ')[1]).toBe('403');
    expect((await unblock('slow')).status).toBe(200);
  });

  it('has approved nothing that is issued behind the block, by whichever replica the other approval comes', async () => {
    const [vera, otto] = [(await tokenOf('vera', ['approver'])).token, (await tokenOf('otto', ['approver'])).token];
    const ids = await Promise.all(Array.from({ length: 6 }, () => ask(['two-a'])));
    for (const id of ids) expect(await approve(B, vera, id)).toBe(200);
    const once = await took(() => whoami(B, vera));
    expect((await block('vera')).status).toBe(200);
    const answeredAt = performance.now();
    // At A at once.
    expect(await approve(A, otto, ids[0]!)).toBe(200);
    const stateOf = async (id: string) => json(await to(B)('GET', `/v1/certificate-requests/${id}`)).state;
    expect(await stateOf(ids[0]!)).toBe('pending');
    await expect.poll(async () => json(await whoami(B, vera)).rolesLost, { interval: 20 }).toBe('blocked');
    expect(performance.now() - answeredAt).toBeLessThan(1_000 + 10 * once);
    for (const id of ids.slice(1)) {
      expect(await approve(B, otto, id)).toBe(200);
      expect(await stateOf(id)).toBe('pending');
    }
    expect((await unblock('vera')).status).toBe(200);
  });
});

interface Admin {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}
/** Admins whom nobody made, so that each may unblock the others. */
async function independentAdmins(...names: readonly string[]): Promise<readonly Admin[]> {
  const store = await openPostgresqlStore({ url: database.url, readConnections: 2 });
  const made = names.map((name) =>
    makeApiToken({ name, roles: ['admin'] }, [], { now: new Date(), random: randomBytes }),
  );
  const operations = made.map(({ token, secretSha256 }) => insertApiToken({ token, secretSha256 }));
  expect(await store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
  await store.close();
  return made.map(({ token: { id, name }, secret }) => ({ id, name, token: secret }));
}

describe('two admins who block each other at the same moment, each at a replica', () => {
  it('leave somebody who can administer, and unblock them', async () => {
    for (let i = 0; i < 5; i += 1) {
      const admins = await independentAdmins(`ada-${i}`, `eve-${i}`);
      const [ada, eve] = admins as [Admin, Admin];
      const all = [...admins, { name: 'admin', id: '', token: adminToken() }];
      expect(
        (
          await block(
            'admin',
            to(A, () => ada.token),
          )
        ).status,
      ).toBe(200);
      const answers = await Promise.all([
        block(
          eve.name,
          to(A, () => ada.token),
        ),
        block(
          ada.name,
          to(B, () => eve.token),
        ),
      ]);
      expect(answers.some(({ status }) => status === 200)).toBe(true);
      const administer = async (replica: Replica) => {
        const statuses = await Promise.all(
          all.map(async ({ token }) => (await to(replica, () => token)('GET', '/v1/api-tokens')).status),
        );
        return all.filter((_, at) => statuses[at] === 200);
      };
      const namesOf = (found: readonly (typeof all)[]) =>
        found.some(({ length }) => length !== 1) ? [] : [...new Set(found.flat().map(({ name }) => name))];
      // Once both have heard of all blocks, one goes on, and it is the same at both.
      await expect.poll(async () => namesOf(await Promise.all(both.map(administer)))).toHaveLength(1);
      const [left] = await administer(A);
      // It goes on until there is another one, who gives it its roles back: nobody unblocks themselves.
      const [next, last] = all.filter(({ name }) => name !== left?.name);
      for (const [by, name] of [
        [left, next?.name],
        [next, left?.name],
        [left, last?.name],
      ] as const) {
        const call = to(A, () => by?.token ?? '');
        await expect.poll(async () => (await unblock(name ?? '', call)).status).toBe(200);
      }
      await expect.poll(async () => (await administer(A)).length).toBe(3);
      for (const { id } of admins) expect((await to(A)('DELETE', `/v1/api-tokens/${id}`)).status).toBeLessThan(300);
    }
  });
});

describe('the directory', () => {
  it('fills a large group at one replica and tells of a leaver at the other: both hold, and nobody waits long', async () => {
    const connector = (await tokenOf('idp', ['directory'])).token;
    const scim = async (replica: Replica, method: string, path: string, content: object) => {
      const headers = { 'content-type': 'application/scim+json' };
      const answer = await to(replica, () => connector)(method, `/scim/v2${path}`, JSON.stringify(content), headers);
      expect(answer.status, answer.text).toBeLessThan(300);
      return answer.text === '' ? '' : json(answer).id;
    };
    const patch = (replica: Replica, path: string, operations: readonly object[]) =>
      scim(replica, 'PATCH', path, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: operations,
      });
    const users = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        scim(both[i % 2]!, 'POST', '/Users', {
          schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
          ...{ userName: `member-${i}`, externalId: String(i), active: true },
        }),
      ),
    );
    const group = await scim(A, 'POST', '/Groups', {
      ...{ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'everybody' },
    });
    const { token } = await tokenOf('member-7', ['auditor']);
    expect(json(await whoami(B, token))).toMatchObject({ roles: ['auditor'] });
    const once = await took(() => whoami(B, token));
    const waits: number[] = [];
    let goesOn = true;
    const probe = async () => {
      while (goesOn) waits.push(await took(() => whoami(B, adminToken())));
    };
    const probing = probe();
    // Everybody twenty times, in many operations: what a connector sends after a night without a network.
    const members = users.map((value) => ({ value }));
    const operations = Array.from({ length: 20 }, () => ({ op: 'add', path: 'members', value: members }));
    await Promise.all([
      patch(A, `/Groups/${group}`, operations),
      patch(B, `/Users/${users[7]}`, [{ op: 'replace', path: 'active', value: false }]),
    ]);
    goesOn = false;
    await probing;
    expect(Math.max(...waits)).toBeLessThan(1_000 + 10 * once);
    for (const replica of both)
      await expect.poll(async () => json(await whoami(replica, token))).toMatchObject({ rolesLost: 'left', roles: [] });
    const found = await to(B, () => connector)('GET', `/scim/v2/Groups/${group}`);
    expect(json(found).members).toHaveLength(100);
  });
});

describe('a sign-in with a browser', () => {
  it('that is begun at one replica is finished at the other within ten minutes, and not later', async () => {
    const [inTime, tooLate] = await Promise.all([start(540), start(601)]);
    const at = (replica: ChildService | undefined) => ({
      ...{ provider, origin },
      service: { address: replica?.address ?? '' },
    });
    const finish = async (replica: ChildService | undefined) => {
      const browser = new SigningBrowser(at(replicas[A]));
      const path = await browser.atProvider('jane');
      const answer = await new CookieClient(null).send(`${replica?.address ?? ''}${path}`, undefined, {
        cookie: browser.cookies,
      });
      return { status: answer.status, body: answer.body };
    };
    expect((await finish(replicas[B])).status).toBe(302);
    expect((await finish(inTime)).status).toBe(302);
    const late = await finish(tooLate);
    expect(late.status).toBe(400);
    expect(late.body).toContain('took too long');
    for (const replica of [inTime, tooLate]) await replica.kill();
  });
});

describe('the audit log of both', () => {
  it('is one chain, with each block and each end of one in it', async () => {
    const verified = await to(B)('GET', '/v1/audit-events/verification');
    expect(json(verified)).toMatchObject({ valid: true, firstInvalidSeq: null });
    const events = await everyItem<{ readonly type: string }>(to(B), '/v1/audit-events');
    const count = (type: string) => events.filter((event) => event.type === type).length;
    expect(count('IdentityBlocked')).toBeGreaterThan(10);
  });
});
