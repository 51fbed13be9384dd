// Tests src/directory/change-user.ts, src/directory/consequences.ts, src/directory/confirm-user.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context/context.js';
import { directoryFacts } from '../../../src/access/directory-facts.js';
import { changeUser, createUser } from '../../../src/directory/change-user.js';
import { settleReuses } from '../../../src/directory/confirm-user.js';
import { noName } from '../../../src/model/directory.js';
import type { ProbedRevocation } from '../../../src/model/revocation-enforcement.js';
import type { ApiToken } from '../../../src/model/principal.js';
import type { Announcement } from '../../../src/model/webhook-delivery.js';
import { insertApiToken } from '../../../src/store/tables/api-token-table.js';
import { updateDirectoryUser } from '../../../src/store/tables/directory-statements.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { hr, principal } from '../../helpers/principals.js';
import { aCertificate, aProbe, aRequest, aToken, sha256 } from '../store/records.js';

const connector = principal('connector', ['directory']);

let issuance: TestIssuance;
let context: Context;
let told: Announcement[];
beforeEach(async () => {
  issuance = await testIssuance();
  told = [];
  const demo = issuance.context.clusters.get('demo');
  if (demo === undefined) throw new Error('the cluster is there');
  const revocation = { ...demo.cluster.revocation, mode: 'webhook' } as const;
  context = {
    ...issuance.context,
    clusters: new Map([['demo', { ...demo, cluster: { ...demo.cluster, revocation } }]]),
    deliveriesOf: (announcement) => {
      told.push(announcement);
      return [];
    },
  };
});
afterEach(() => issuance.close());

async function join(userName: string, externalId: string): Promise<string> {
  const attributes = { userName, externalId, active: true, displayName: null, name: noName, emails: [] };
  const outcome = await createUser(context, connector, attributes);
  if (!outcome.ok) throw new Error(`nobody joined: ${outcome.refusal.why}`);
  return outcome.value.id;
}
const leave = async (id: string) => {
  const unbounded = { ...context, budgets: { begin: () => null } };
  expect(await changeUser(unbounded, connector, id, null, (before) => ({ ...before, active: false }))).toMatchObject({
    ok: true,
  });
};

/** Records a certificate that a person asked for, as if it had been issued. */
async function certificate(username: string, requester = hr.name): Promise<string> {
  const { store, clock } = context;
  const request = aRequest({
    state: 'issued',
    username,
    requester: { name: requester, groups: [], roles: ['requester'] },
  });
  const fingerprintSha256 = sha256(request.id);
  const notAfter = new Date(clock().getTime() + 3_600_000);
  const issued = aCertificate(request, {
    ...{ fingerprintSha256, username, notAfter, issuedAt: clock() },
    serialNumber: fingerprintSha256.slice(0, 16),
  });
  const operations = [insertRequest(request), insertCertificate(issued)];
  expect(await store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
  issuance.advance(1);
  return fingerprintSha256;
}

async function token(members: Partial<ApiToken>): Promise<string> {
  const made = aToken({ roles: ['requester'], createdAt: context.clock(), expiresAt: null, ...members });
  const operations = [insertApiToken({ token: made, secretSha256: sha256(made.id) })];
  expect(await context.store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
  return made.id;
}

describe('the message to webhooks when somebody leaves', () => {
  const messages = () => told.flatMap((one) => (one.event === 'identity.blocked' && one.left ? [one.left] : []));

  it('lists what still works, of the second one of a name as of the first', async () => {
    const first = await join('lent', 'one');
    const own = await certificate('lent');
    const forOther = await certificate('other', 'lent');
    const made = await token({ name: 'pipeline', createdBy: ['lent'] });
    const held = await token({ name: 'lent' });
    await leave(first);
    const exposed = expect.objectContaining({ fingerprintSha256: own, enforcement: 'webhook' }) as unknown;
    const requestedForOthers = [{ fingerprintSha256: forOther, username: 'other', cluster: 'demo' }];
    expect(messages()).toEqual([
      {
        ...{ directoryUserId: first, residualExposure: [exposed], requestedForOthers },
        ...{ tokensMade: [{ id: made, name: 'pipeline' }], revokedTokens: [held] },
      },
    ]);

    // It waits for the name, so it gets nothing; a certificate for somebody else was under way.
    const second = await join('lent', 'two');
    issuance.advance(1);
    const forThird = await certificate('third', 'lent');
    await leave(second);
    expect(messages()).toHaveLength(2);
    const { requestedForOthers: others, ...more } = messages()[1]!;
    expect(more).toEqual({
      ...{ directoryUserId: second, residualExposure: [exposed] },
      ...{ tokensMade: [{ id: made, name: 'pipeline' }], revokedTokens: [] },
    });
    expect(new Set(others.map(({ fingerprintSha256 }) => fingerprintSha256))).toEqual(new Set([forOther, forThird]));
  });

  it('lists no certificate whose time is over', async () => {
    const first = await join('lent', 'one');
    await certificate('lent');
    await leave(first);
    const second = await join('lent', 'two');
    issuance.advance(3_600);
    await leave(second);
    expect(messages()[1]).toMatchObject({ directoryUserId: second, residualExposure: [] });
  });
});

describe('a name that was somebody else’s', () => {
  const seen = (members: Partial<ProbedRevocation>) => {
    const probedAt = context.clock();
    const revocation: ProbedRevocation = {
      ...{ mode: 'webhook', checkedAt: probedAt.toISOString(), verified: true, delaySeconds: 1 },
      ...{ reason: null, message: null },
      ...members,
    };
    context.probes.remember(aProbe({ probedAt }, { revocation }));
  };
  const waits = async () => {
    const subject = { cluster: 'demo', username: 'lent', requester: { name: hr.name } };
    return (await directoryFacts(context, subject, true))?.username.reused;
  };
  const isBlocked = async () => (await context.store.identityBlocks.find(['lent'])).length > 0;

  it('is theirs once a probe saw the cluster refuse revoked certificates, and not before', async () => {
    const first = await join('lent', 'one');
    await certificate('lent');
    await leave(first);
    const second = await join('lent', 'two');
    for (const other of [{ verified: false }, { mode: 'listed' as const }]) {
      seen(other);
      await settleReuses(context, () => false);
      expect(await waits()).toBe(true);
      expect(await isBlocked()).toBe(true);
    }

    seen({});
    expect(await waits()).toBe(false);
    await settleReuses(context, () => false);
    expect((await context.store.directory.user(second))?.reuse).toBeNull();
    expect(await isBlocked()).toBe(false);
    const events = await context.store.auditEvents.chunk(0, 1_000);
    expect(events.map(({ type, principal: by }) => `${type} by ${String(by)}`)).toEqual(
      expect.arrayContaining(['DirectoryUserChanged by kubepass', 'IdentityUnblocked by kubepass']),
    );
    // It is over: a cluster that refuses no longer brings the wait back.
    seen({ verified: false });
    expect(await waits()).toBe(false);
  });

  it('stays somebody else’s where a certificate of theirs is not revoked, whatever the cluster refuses', async () => {
    const first = await join('lent', 'one');
    await certificate('lent');
    await leave(first);
    const second = await join('lent', 'two');
    seen({});
    const stored = await context.store.directory.user(second);
    if (stored === null || stored.reuse === null) throw new Error('the second one waits');
    // As one that was being signed when they left.
    await certificate('lent');
    const reuse = { ...stored.reuse, since: context.clock() };
    const user = { ...stored, reuse, version: stored.version + 1 };
    const operations = [updateDirectoryUser({ user, version: stored.version })];
    expect(await context.store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
    await settleReuses(context, () => false);
    expect(await waits()).toBe(true);
  });
});
