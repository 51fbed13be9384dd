// Tests src/requests/decide-request.ts, src/requests/recheck-policy.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRequest } from '../../../../src/requests/create-request.js';
import { approveRequest, cancelRequest, denyRequest } from '../../../../src/requests/decide-request.js';
import { collectKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import type { CertificateRequestAsk } from '../../../../src/requests/resolve-ask.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { policySetOf, testIssuance, testPolicies, type TestIssuance } from '../../../helpers/issuance.js';
import { admin, alice, auditor, bob, carol, hr, principal } from '../../../helpers/principals.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

async function pending(ask: CertificateRequestAsk = { username: 'jane', groups: ['ops-eu'] }, requester = alice) {
  const outcome = await createRequest(issuance.context, requester, ask, { waitSeconds: 0, idempotency: null });
  if (!outcome.ok) throw new Error(outcome.refusal.kind);
  expect(outcome.value.request.state).toBe('pending');
  return outcome.value.request.id;
}

const stateOf = async (id: string) => (await issuance.context.store.requests.find(id))?.state;

describe('approveRequest', () => {
  it('approves, and issues where the request came with a CSR', async () => {
    const { pem } = await csrFor('jane', ['ops-eu']);
    const id = await pending({ csr: pem });
    const outcome = await approveRequest(issuance.context, bob, id, 'on call this week');
    expect(outcome.ok).toBe(true);
    await issuance.context.attempts.waitForEnd(id, 5);
    expect(await issuance.context.store.requests.find(id)).toMatchObject({
      state: 'issued',
      approvals: [{ principal: 'bob', comment: 'on call this week' }],
    });
  });

  it('puts the policy set on record that was evaluated, even where another comes into force meanwhile', async () => {
    const { pem } = await csrFor('jane', ['ops-eu']);
    const id = await pending({ csr: pem });
    const [evaluated, later] = [policySetOf(testPolicies), policySetOf(`${testPolicies}# changed\n`)];
    let looks = 0;
    const policySet = () => (looks++ === 0 ? evaluated : later);
    expect((await approveRequest({ ...issuance.context, policySet }, bob, id, null)).ok).toBe(true);
    const events = await issuance.context.store.auditEvents.ofRequest(id);
    expect(events.find(({ type }) => type === 'RequestApproved')?.details).toMatchObject({
      policySetDigest: evaluated.digest,
    });
  });

  it('leaves a request without a CSR approved until its key is collected', async () => {
    const id = await pending();
    const outcome = await approveRequest(issuance.context, bob, id, null);
    expect(outcome).toMatchObject({ ok: true, value: { request: { state: 'approved' } } });
  });

  it.each([
    ['a requester without the role', hr],
    ['an auditor', auditor],
  ])('is not for %s', async (_who, who) => {
    const id = await pending();
    const outcome = await approveRequest(issuance.context, who, id, null);
    expect(outcome.ok).toBe(false);
    expect(await stateOf(id)).toBe('pending');
  });

  it('is not for the requester, even with the role', async () => {
    const id = await pending(undefined, carol);
    const outcome = await approveRequest(issuance.context, carol, id, null);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
  });

  it('is not for the collector', async () => {
    const id = await pending({ username: 'jane', groups: ['ops-eu'], collector: 'bob' });
    const outcome = await approveRequest(issuance.context, bob, id, null);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
  });

  it('is not for the principal whose name is asked for', async () => {
    const id = await pending({ username: 'bob', groups: ['ops-eu'] });
    const outcome = await approveRequest(issuance.context, bob, id, null);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
  });

  it('is not for a token that the requester created, directly or through others', async () => {
    const id = await pending();
    for (const createdBy of [['alice'], ['admin', 'alice', 'dave']]) {
      const puppet = principal('puppet', ['approver'], { createdBy });
      const outcome = await approveRequest(issuance.context, puppet, id, null);
      expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
    }
  });

  it.each([
    ['the requester in other letters', principal('ALICE', ['approver'])],
    ['the future user in other letters', principal('Jane', ['approver'])],
    ['a token that the future user created', principal('puppet', ['approver'], { createdBy: ['root', 'JANE'] })],
    ['a maker of the requester’s token', principal('mona', ['approver'])],
    ['the maker of the maker’s token, in other letters', principal('Root', ['approver'])],
  ])('is not for %s', async (_who, who) => {
    const id = await pending(undefined, { ...alice, createdBy: ['root', 'mona'] });
    for (const decide of [approveRequest, denyRequest])
      expect(await decide(issuance.context, who, id, null)).toMatchObject({
        ok: false,
        refusal: { kind: 'not-permitted' },
      });
    expect(await stateOf(id)).toBe('pending');
    const events = await issuance.context.store.auditEvents.ofRequest(id);
    expect(events.map(({ type, principal, details }) => [type, principal, details['decision']])).toEqual([
      ['CertificateRequested', 'alice', undefined],
      ['DecisionRefused', who.name, 'approve'],
      ['DecisionRefused', who.name, 'deny'],
    ]);
    expect((await approveRequest(issuance.context, bob, id, null)).ok).toBe(true);
  });

  it('is not for an approver who counts under another spelling already', async () => {
    issuance.setPolicies(testPolicies.replace('{ mode: manual }', '{ mode: manual, stages: [{ count: 2 }] }'));
    const id = await pending();
    expect((await approveRequest(issuance.context, bob, id, null)).ok).toBe(true);
    const twice = await approveRequest(issuance.context, principal('Bob', ['approver']), id, null);
    expect(twice).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
    const made = principal('puppet', ['approver'], { createdBy: ['BOB'] });
    expect((await approveRequest(issuance.context, made, id, null)).ok).toBe(false);
    expect(await stateOf(id)).toBe('pending');
  });

  it('is for those alone whom the deciding policy names', async () => {
    issuance.setPolicies(
      testPolicies.replace(
        '{ mode: manual }',
        '{ mode: manual, stages: [{ count: 1, approvers: { groups: [leads] } }] }',
      ),
    );
    const id = await pending();
    expect(await approveRequest(issuance.context, bob, id, null)).toMatchObject({
      ok: false,
      refusal: { kind: 'not-permitted' },
    });
    const lead = principal('lena', ['approver'], { groups: ['leads'] });
    expect((await approveRequest(issuance.context, lead, id, null)).ok).toBe(true);
  });

  it('denies what policy no longer permits, and says why', async () => {
    const id = await pending();
    issuance.setPolicies(testPolicies.replace('"ops-*"', '"other-*"'));
    const outcome = await approveRequest(issuance.context, bob, id, null);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'policy-denied' } });
    expect(await issuance.context.store.requests.find(id)).toMatchObject({
      state: 'denied',
      failure: { reason: 'NoLongerPermitted' },
    });
  });

  it('says so where the cluster is no longer configured', async () => {
    const id = await pending();
    const gone = { ...issuance.context, clusters: new Map() };
    expect(await approveRequest(gone, bob, id, null)).toMatchObject({
      ok: false,
      refusal: { kind: 'state-conflict', message: 'cluster "demo" is no longer configured' },
    });
    expect(await stateOf(id)).toBe('pending');
  });

  it('happens once: of two at the same time, one is told that the request moved on', async () => {
    const id = await pending();
    const outcomes = await Promise.all([
      approveRequest(issuance.context, bob, id, null),
      approveRequest(issuance.context, admin, id, null),
      denyRequest(issuance.context, admin, id, null),
    ]);
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(1);
    for (const outcome of outcomes) if (!outcome.ok) expect(outcome.refusal.kind).toBe('state-conflict');
  });

  it('answers as if somebody else’s request did not exist', async () => {
    const id = await pending();
    const stranger = principal('mallory', ['requester']);
    for (const decide of [approveRequest, denyRequest, cancelRequest])
      expect(await decide(issuance.context, stranger, id, null)).toEqual({ ok: false, refusal: { kind: 'not-found' } });
  });
});

describe('denyRequest and cancelRequest', () => {
  it('end a pending request', async () => {
    const denied = await pending();
    await denyRequest(issuance.context, bob, denied, 'not on call');
    expect(await stateOf(denied)).toBe('denied');
    const cancelled = await pending();
    await cancelRequest(issuance.context, alice, cancelled, null);
    expect(await stateOf(cancelled)).toBe('cancelled');
  });

  it('an approver may deny but not cancel', async () => {
    const id = await pending();
    const outcome = await cancelRequest(issuance.context, bob, id, null);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
  });

  it('a cancelled request cannot be collected', async () => {
    const id = await pending();
    await approveRequest(issuance.context, bob, id, null);
    await cancelRequest(issuance.context, alice, id, null);
    const outcome = await collectKubeconfig(issuance.context, alice, id);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'state-conflict', state: 'cancelled' } });
  });

  it('an issued request cannot be cancelled any more', async () => {
    const id = await pending();
    await approveRequest(issuance.context, bob, id, null);
    await collectKubeconfig(issuance.context, alice, id);
    const outcome = await cancelRequest(issuance.context, alice, id, null);
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'state-conflict', state: 'issued' } });
  });
});
