// Tests src/access/block-identity.ts, src/access/blocks.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../../src/context/context.js';
import { BlockedAccess } from '../../../src/access/blocks.js';
import { blockIdentity, unblockIdentity } from '../../../src/access/block-identity.js';
import { createRequest } from '../../../src/requests/create-request.js';
import { cancelRequest } from '../../../src/requests/decide-request.js';
import type { Step } from '../../../src/store/steps/step.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { endSession, insertSession } from '../../../src/store/tables/session-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { toldBy } from '../../../src/store/writer/followed-writer.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { alice, principal } from '../../helpers/principals.js';
import { aCertificate, aRequest, aSession, sha256 } from '../store/records.js';
import { executes } from '../../helpers/operations.js';

const petra = principal('petra', ['provisioner']);
const ask = { reason: 'cessationOfOperation' } as const;

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

/** Records so many certificates of a username, as if they had been issued. */
async function recorded(username: string, count: number): Promise<void> {
  const { store, clock } = issuance.context;
  const notAfter = new Date(clock().getTime() + 3_600_000);
  for (let i = 0; i < count; i++) {
    const request = aRequest({ state: 'issued', username });
    const own = { fingerprintSha256: sha256(`${username} ${String(i)}`), serialNumber: (0x1000 + i).toString(16) };
    const certificate = aCertificate(request, { ...own, username, notAfter });
    const operations = [insertRequest(request), insertCertificate(certificate)];
    const committing = store.writer.commit({ operations, events: [] });
    if (i % 100 === 99 || i === count - 1) expect(await committing).toEqual({ committed: true });
  }
}

const liveOf = (username: string) => {
  const { store, clock } = issuance.context;
  return store.certificates.unexpiredOf(username, { revoked: false, clusters: null, now: clock(), limit: 1000 });
};

/** The context with another way to commit. */
function committing(commit: (step: Step) => ReturnType<Context['store']['writer']['commit']>): Context {
  const { context } = issuance;
  return { ...context, store: { ...context.store, writer: { commit } } };
}

describe('a block of a name with many certificates', () => {
  it('revokes them all, 200 in a commit, the first of them together with the block', async () => {
    await recorded('jane', 450);
    const { context } = issuance;
    const sizes: number[] = [];
    const counting = committing((step) => {
      sizes.push(toldBy(step, 'revoked').length);
      return context.store.writer.commit(step);
    });
    const outcome = await blockIdentity(counting, petra, 'jane', ask);
    expect(outcome).toMatchObject({ ok: true, value: { certificates: [], omitted: false } });
    expect(sizes).toEqual([200, 200, 50]);
    expect(await liveOf('jane')).toEqual([]);
    const events = await context.store.auditEvents.chunk(0, 1000);
    expect(events.filter(({ type }) => type === 'CertificateRevoked')).toHaveLength(450);
  });

  it('is finished by the housekeeping of any process where the first one died', async () => {
    await recorded('jane', 250);
    const { context } = issuance;
    let commits = 0;
    const dying = committing((step) => {
      if (++commits > 1) throw new Error('the process died');
      return context.store.writer.commit(step);
    });
    await expect(blockIdentity(dying, petra, 'jane', ask)).rejects.toThrow('died');
    expect(await liveOf('jane')).toHaveLength(50);
    await new BlockedAccess(issuance.replica()).endNext();
    expect(await liveOf('jane')).toEqual([]);
  });
});

describe('a block while others work', () => {
  const inserts = (step: Step) => executes(step, 'INSERT INTO "IdentityBlock"');

  it('revokes what was recorded right before its commit', async () => {
    const { context } = issuance;
    let done = false;
    const racing = committing(async (step) => {
      if (!done && inserts(step)) {
        done = true;
        await recorded('jane', 1);
      }
      return context.store.writer.commit(step);
    });
    await blockIdentity(racing, petra, 'jane', ask);
    expect(done).toBe(true);
    expect(await liveOf('jane')).toEqual([]);
  });

  it('holds although a request that it cancels was cancelled before', async () => {
    const { context } = issuance;
    const created = await createRequest(
      context,
      alice,
      { username: 'jane', groups: ['ops-a'] },
      { waitSeconds: 0, idempotency: null },
    );
    if (!created.ok) throw new Error(created.refusal.kind);
    let tried = 0;
    const racing = committing(async (step) => {
      if (inserts(step) && ++tried === 1) await cancelRequest(context, alice, created.value.request.id, null);
      return context.store.writer.commit(step);
    });
    expect(await blockIdentity(racing, petra, 'jane', ask)).toMatchObject({
      ok: true,
      value: { blocked: { username: 'jane' } },
    });
    expect(tried).toBe(2);
  });

  it('is not undone by another one at the same moment', async () => {
    const both = [
      blockIdentity(issuance.context, petra, 'jane', ask),
      blockIdentity(issuance.replica(), petra, 'Jane', { ...ask, comment: 'left' }),
    ];
    for (const outcome of await Promise.all(both))
      expect(outcome).toMatchObject({ ok: true, value: { blocked: { clusters: null } } });
    expect(await unblockIdentity(issuance.context, petra, 'JANE', {})).toMatchObject({
      ok: true,
      value: { blocked: null },
    });
  });
});

describe('a block of a name with sessions', () => {
  /** Signs the name in now, and answers the id of its session. */
  async function signedIn(name: string): Promise<string> {
    const { store, clock } = issuance.context;
    const now = clock();
    const session = aSession({ name, createdAt: now, usedAt: now, expiresAt: new Date(now.getTime() + 43_200_000) });
    const operations = [insertSession({ session, secretSha256: sha256(session.id) })];
    expect(await store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
    return session.id;
  }
  const endOf = async (id: string) => (await issuance.context.store.sessions.find(id))?.endedAt ?? null;

  it('ends them in its own commit, each with an event, whichever way the name is spelt', async () => {
    const { context } = issuance;
    const ids = [await signedIn('jane'), await signedIn('JANE')];
    const other = await signedIn('janet');
    const steps: Step[] = [];
    const noting = committing((step) => {
      steps.push(step);
      return context.store.writer.commit(step);
    });
    await blockIdentity(noting, petra, 'Jane', ask);
    expect(steps).toHaveLength(1);
    expect(toldBy(steps[0]!, 'endedSession')).toHaveLength(2);
    for (const id of ids) expect(await endOf(id)).not.toBeNull();
    expect(await endOf(other)).toBeNull();
    const events = (await context.store.auditEvents.chunk(0, 100)).filter(({ type }) => type === 'SignedOut');
    expect(events.map(({ principal: by, details }) => ({ by, ...details }))).toEqual(
      expect.arrayContaining(
        ['jane', 'JANE'].map((name, i) => ({
          ...{ by: 'petra', sessionId: ids[i], issuer: 'corp', tokenId: null, name, reason: 'IdentityBlocked' },
        })),
      ),
    );
    expect(events).toHaveLength(2);
  });

  it('ends one that began right before its commit, and lets nobody in behind it', async () => {
    const { context } = issuance;
    let late = '';
    const racing = committing(async (step) => {
      late ||= await signedIn('jane');
      return context.store.writer.commit(step);
    });
    await blockIdentity(racing, petra, 'jane', ask);
    expect(await endOf(late)).not.toBeNull();
    await expect(signedIn('jane')).rejects.toThrow();
  });

  it('holds although one of them signs out at the same moment', async () => {
    const { context } = issuance;
    const id = await signedIn('jane');
    let tried = 0;
    const racing = committing(async (step) => {
      const operations = [endSession({ id, at: context.clock() })];
      if (++tried === 1) await context.store.writer.commit({ operations, events: [] });
      return context.store.writer.commit(step);
    });
    expect(await blockIdentity(racing, petra, 'jane', ask)).toMatchObject({ ok: true });
    expect(tried).toBe(2);
  });

  it('of some clusters ends those that there were, and not the next ones', async () => {
    const { context } = issuance;
    const before = await signedIn('jane');
    await blockIdentity(context, petra, 'jane', { ...ask, clusters: ['demo'] });
    expect(await endOf(before)).not.toBeNull();
    issuance.advance(1);
    const after = await signedIn('jane');
    await new BlockedAccess(context).endNext();
    expect(await endOf(after)).toBeNull();
  });
});

describe('an unblock of some clusters', () => {
  it('leaves the others blocked', async () => {
    const { context } = issuance;
    const clusters = new Map([...context.clusters, ['other', [...context.clusters.values()][0]!]]);
    const two = { ...context, clusters };
    await blockIdentity(two, petra, 'jane', { ...ask, clusters: ['demo'] });
    expect(await blockIdentity(two, petra, 'jane', { ...ask, clusters: ['other'] })).toMatchObject({
      value: { blocked: { clusters: ['demo', 'other'] } },
    });
    expect(await unblockIdentity(two, petra, 'jane', { clusters: ['demo'] })).toMatchObject({
      value: { blocked: { clusters: ['other'] } },
    });
    expect(await unblockIdentity(two, petra, 'jane', { clusters: ['demo'] })).toMatchObject({
      value: { blocked: { clusters: ['other'] } },
    });
    expect(await unblockIdentity(two, petra, 'jane', { clusters: ['other'] })).toMatchObject({
      value: { blocked: null },
    });
  });
});
