// Tests src/context/standing.ts, src/access/blocks.ts, src/model/identity.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recoverRequests } from '../../../src/requests/recover-requests.js';
import type { Context } from '../../../src/context/context.js';
import { collectKubeconfig, createKubeconfig } from '../../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../../src/requests/create-request.js';
import { approveRequest } from '../../../src/requests/decide-request.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { IdentityBlock } from '../../../src/model/identity.js';
import type { CertificateRequestAsk } from '../../../src/requests/resolve-ask.js';
import type { Step } from '../../../src/store/steps/step.js';
import { insertIdentityBlock } from '../../../src/store/tables/identity-block-table.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { alice, bob } from '../../helpers/principals.js';
import { derOf, signingBy } from '../../helpers/signers.js';
import { signerOf } from '../../helpers/signing-authority.js';
import { executes } from '../../helpers/operations.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

async function block(username: string, over: Partial<IdentityBlock> = {}): Promise<void> {
  const { store, clock } = issuance.context;
  const whole: IdentityBlock = {
    username,
    clusters: null,
    reason: 'cessationOfOperation',
    comment: 'left',
    until: null,
    blockedAt: clock(),
    blockedBy: 'petra',
    ...over,
  };
  const operations = [insertIdentityBlock({ block: whole, folded: foldedName(username) })];
  expect(await store.writer.commit({ operations, events: [] })).toEqual({ committed: true });
}

const create = (ask: CertificateRequestAsk, context = issuance.context) =>
  createRequest(context, alice, ask, { waitSeconds: 5, idempotency: null });

async function created(ask: CertificateRequestAsk) {
  const outcome = await create(ask);
  if (!outcome.ok) throw new Error(outcome.refusal.kind);
  return outcome.value.request;
}

const find = (id: string) => issuance.context.store.requests.find(id);
const certificatesOf = async (username: string) =>
  (await issuance.context.store.certificates.list({ username }, { limit: 10, cursor: null })).items;

/** Does something once, right before a step is committed. */
function interrupted(isIt: (step: Step) => boolean, before: () => Promise<void>): Context {
  const { context } = issuance;
  let done = false;
  const commit = async (step: Step) => {
    if (!done && isIt(step)) {
      done = true;
      await before();
    }
    return context.store.writer.commit(step);
  };
  return { ...context, store: { ...context.store, writer: { commit } } };
}

const blockedAs = (...parties: readonly string[]) => ({
  ok: false,
  refusal: {
    kind: 'policy-denied',
    violations: parties.map((party) => ({
      source: 'built-in/identity-blocks',
      reason: 'IdentityBlocked',
      message: `${party} is blocked on cluster "demo"`,
    })),
  },
});

describe('a blocked name', () => {
  it('gets nothing as username, requester or collector, in any spelling', async () => {
    await block('Jane');
    const ask = { username: 'jane', groups: ['team-a'] };
    expect(await create(ask)).toMatchObject(blockedAs('username "jane"'));
    expect(await create({ ...ask, username: 'JANE' })).toMatchObject(blockedAs('username "JANE"'));
    expect(await create({ ...ask, username: 'joe', collector: 'jane' })).toMatchObject(blockedAs('collector "jane"'));
    const options = { idempotency: null };
    const own = await createKubeconfig(
      issuance.context,
      { ...alice, name: 'jane' },
      { ...ask, username: 'joe' },
      options,
    );
    expect(own).toMatchObject(blockedAs('requester "jane"', 'collector "jane"'));
    expect(await create({ ...ask, username: 'joe' })).toMatchObject({ ok: true });
  });

  it('is told together with everything else that is wrong', async () => {
    await block('jane');
    const outcome = await create({ username: 'jane', groups: ['team-a'], expirationSeconds: 2_000_000 });
    if (outcome.ok || outcome.refusal.kind !== 'policy-denied') throw new Error('it is denied');
    expect(outcome.refusal.violations.map(({ reason }) => reason)).toContain('IdentityBlocked');
    expect(outcome.refusal.violations.length).toBeGreaterThan(1);
  });

  it('is blocked on the clusters of its block, until the block ends', async () => {
    const until = new Date(issuance.context.clock().getTime() + 60_000);
    await block('jane', { clusters: ['demo'], until });
    await block('joe', { clusters: ['other'] });
    expect(await create({ username: 'jane', groups: ['team-a'] })).toMatchObject({ ok: false });
    expect(await create({ username: 'joe', groups: ['team-a'] })).toMatchObject({ ok: true });
    issuance.advance(61);
    expect(await create({ username: 'jane', groups: ['team-a'] })).toMatchObject({ ok: true });
  });

  it('costs no round of deciding more than once', async () => {
    await block('jane');
    const { context } = issuance;
    let commits = 0;
    const commit = (step: Step) => ((commits += 1), context.store.writer.commit(step));
    const counting = { ...context, store: { ...context.store, writer: { commit } } };
    await create({ username: 'jane', groups: ['team-a'] }, counting);
    expect(commits).toBe(2);
    await create({ username: 'jane', groups: ['team-a'] }, counting);
    expect(commits).toBe(3);
  });

  it('is denied although it was blocked after the decision', async () => {
    const inserts = (step: Step) => executes(step, 'INSERT INTO "RequestRecord"');
    const context = interrupted(inserts, () => block('jane'));
    expect(await create({ username: 'jane', groups: ['team-a'] }, context)).toMatchObject(blockedAs('username "jane"'));
    expect(await certificatesOf('jane')).toEqual([]);
  });

  it('loses what was approved before', async () => {
    const waiting = await created({ username: 'jane', groups: ['ops-a'] });
    const approved = await created({ username: 'jane', groups: ['team-a'] });
    await block('jane');
    const lost = { ok: false, refusal: { kind: 'policy-denied', violations: [{ reason: 'IdentityBlocked' }] } };
    expect(await approveRequest(issuance.context, bob, waiting.id, null)).toMatchObject(lost);
    expect(await collectKubeconfig(issuance.context, alice, approved.id)).toMatchObject(lost);
    expect(await find(approved.id)).toMatchObject({ state: 'denied', failure: { reason: 'NoLongerPermitted' } });
  });

  it('does not have its attempt taken over and finished', async () => {
    const real = signerOf(issuance.authority);
    issuance.setSigner(signingBy(real, () => new Promise(() => undefined)));
    const { pem } = await csrFor('jane', ['team-a']);
    const left = await createRequest(issuance.context, alice, { csr: pem }, { waitSeconds: 0, idempotency: null });
    if (!left.ok) throw new Error(left.refusal.kind);
    const restarted = issuance.restarted();
    const resuming = signingBy(real, async (signReally) => ({
      kind: 'written-elsewhere',
      der: derOf(await signReally()),
    }));
    issuance.setSigner({ ...resuming, resume: (approved) => resuming.prepare(approved, restarted.clock()) });
    const { store } = restarted;
    let done = false;
    const commit = async (step: Step) => {
      if (!done && step.events.some(({ type }) => type === 'IssuanceResumed')) {
        done = true;
        await block('jane');
      }
      return store.writer.commit(step);
    };
    await recoverRequests({ ...restarted, store: { ...store, writer: { commit } } });
    expect(done).toBe(true);
    expect(await find(left.value.request.id)).toMatchObject({ state: 'denied' });
    expect(await certificatesOf('jane')).toEqual([]);
  });
});

describe('a certificate that is being signed while its username is blocked', () => {
  it('is revoked in the commit that records it', async () => {
    const records = (step: Step) => executes(step, 'INSERT INTO "CertificateRecord"');
    const context = interrupted(records, () => block('jane'));
    const { pem } = await csrFor('jane', ['team-a']);
    expect(await create({ csr: pem }, context)).toMatchObject({ ok: true, value: { request: { state: 'issued' } } });
    const [certificate] = await certificatesOf('jane');
    expect(certificate).toMatchObject({
      revocation: { reason: 'cessationOfOperation', comment: 'left', revokedBy: 'petra' },
    });
    const events = await context.store.auditEvents.chunk(0, 100);
    expect(events.filter(({ type }) => type === 'CertificateRevoked')).toMatchObject([
      { principal: 'petra', fingerprintSha256: certificate?.fingerprintSha256, details: { username: 'jane' } },
    ]);
  });

  it('stays where only its requester was blocked', async () => {
    const records = (step: Step) => executes(step, 'INSERT INTO "CertificateRecord"');
    const context = interrupted(records, () => block('alice'));
    const { pem } = await csrFor('jane', ['team-a']);
    expect(await create({ csr: pem }, context)).toMatchObject({ ok: true });
    expect(await certificatesOf('jane')).toMatchObject([{ revocation: null }]);
  });
});
