// Tests src/requests/decision-rounds.ts, src/requests/create-request.ts, src/store/tables/quotas.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectKubeconfig, createKubeconfig } from '../../../../src/requests/collect-kubeconfig.js';
import type { Context } from '../../../../src/context/context.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { approveRequest } from '../../../../src/requests/decide-request.js';
import { recoverRequests } from '../../../../src/requests/recover-requests.js';
import { StoreBusyError } from '../../../../src/model/errors.js';
import type { CertificateRequestAsk } from '../../../../src/requests/resolve-ask.js';
import type { CommitResult, Step, Write } from '../../../../src/store/steps/step.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { alice, bob } from '../../../helpers/principals.js';
import { derOf, signingBy } from '../../../helpers/signers.js';
import { aPolicy } from '../../../helpers/policies.js';
import { signerOf } from '../../../helpers/signing-authority.js';
import { statementsOf } from '../../../helpers/operations.js';

const policy = (name: string, quota: object, mode = 'auto') =>
  aPolicy(name, { groups: ['team-*'] }, { quota, approval: { mode } });
const one = policy('one', { livePerUsername: 1, livePerGroup: 1, livePerRequester: 1, issuancesPerHour: 1 });

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance(one);
});
afterEach(() => issuance.close());

const jane = { username: 'jane', groups: ['team-a'] };
const create = (ask: CertificateRequestAsk, context = issuance.context) =>
  createRequest(context, alice, ask, { waitSeconds: 5, idempotency: null });

async function created(ask: CertificateRequestAsk) {
  const outcome = await create(ask);
  if (!outcome.ok) throw new Error(outcome.refusal.kind);
  return outcome.value.request;
}

const find = (id: string) => issuance.context.store.requests.find(id);

/** Does something in between: after facts were gathered, before the step that needs them is committed. */
function interrupted(before: (step: Step) => Promise<CommitResult | null>): Context {
  const { context } = issuance;
  const commit = async (step: Step) => (await before(step)) ?? context.store.writer.commit(step);
  return { ...context, store: { ...context.store, writer: { commit } } };
}

const quotasIn = ({ operations }: Step) =>
  operations.flatMap(statementsOf).flatMap(({ ifReached }) => {
    const conflict = ifReached?.conflict(0);
    return conflict?.kind === 'quota' ? [{ limit: conflict.limit, atMost: ifReached?.limit ?? 0 }] : [];
  });

/** The kind of the conflict that an operation requires to be absent, or else the table of its first row. */
function aboutOf(operation: Write): string | undefined {
  const [first] = statementsOf(operation);
  return first?.ifReached?.conflict(0).kind ?? /INTO "(\w+)"/.exec(first?.sql ?? '')?.[1];
}

/** The messages of a denial. */
async function denied(ask: CertificateRequestAsk): Promise<readonly string[]> {
  const outcome = await create(ask);
  if (outcome.ok || outcome.refusal.kind !== 'policy-denied') throw new Error('it was not denied');
  return outcome.refusal.request.decision.violations.map(({ message }) => message);
}

describe('a denial says when it may be asked for again', () => {
  it('by the end of the certificate that ends first, of each bound, and by the hour of the first issuance', async () => {
    issuance.setPolicies(policy('two', { livePerUsername: 2, livePerGroup: 2, livePerRequester: 2 }));
    const ends: string[] = [];
    for (const expirationSeconds of [1200, 900]) {
      const { pem } = await csrFor('jane', ['team-a']);
      await created({ csr: pem, expirationSeconds });
      const [newest] = await issuance.context.store.certificates.activeOf('demo', 'jane', issuance.context.clock());
      ends.push(newest?.notAfter.toISOString() ?? 'none was issued');
    }
    const next = `permits at most 2; the next of them ends at ${ends[1] ?? ''}`;
    expect(await denied(jane)).toEqual(Array.from({ length: 3 }, () => expect.stringContaining(next) as unknown));
    issuance.setPolicies(policy('two', { issuancesPerHour: 2 }));
    expect(await denied(jane)).toEqual([
      expect.stringMatching(/permits at most 2; the first of them is an hour old at 20\d\d-/),
    ]);
  });

  it('and says nothing of an end while all that count are on their way', async () => {
    issuance.setPolicies(policy('one', { livePerUsername: 1 }));
    await created(jane);
    expect(await denied(jane)).toEqual([expect.stringMatching(/permits at most 1$/)]);
  });
});

describe('a request does not count against itself', () => {
  it('when its attempt is taken up again after a crash', async () => {
    issuance.setSigner(signingBy(signerOf(issuance.authority), () => new Promise(() => undefined)));
    const { pem } = await csrFor('jane', ['team-a']);
    const outcome = await createRequest(issuance.context, alice, { csr: pem }, { waitSeconds: 0, idempotency: null });
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
    const { id } = outcome.value.request;
    expect((await find(id))?.state).toBe('issuing');
    issuance.setSigner(signerOf(issuance.authority));

    await recoverRequests(issuance.restarted());
    expect(await find(id)).toMatchObject({ state: 'issued', attempt: { number: 2 } });
    expect(await create(jane)).toMatchObject({ ok: false, refusal: { kind: 'policy-denied' } });
  });

  it('when its attempt is taken over and goes on from where it was left', async () => {
    const real = signerOf(issuance.authority);
    issuance.setSigner(signingBy(real, () => new Promise(() => undefined)));
    const { pem } = await csrFor('jane', ['team-a']);
    const outcome = await createRequest(issuance.context, alice, { csr: pem }, { waitSeconds: 0, idempotency: null });
    if (!outcome.ok) throw new Error(outcome.refusal.kind);
    const { id } = outcome.value.request;
    const restarted = issuance.restarted();
    const resuming = signingBy(real, async (signReally) => ({
      kind: 'written-elsewhere',
      der: derOf(await signReally()),
    }));
    issuance.setSigner({ ...resuming, resume: (approved) => resuming.prepare(approved, restarted.clock()) });

    await recoverRequests(restarted);
    expect(await find(id)).toMatchObject({ state: 'issued', attempt: { number: 1, owner: 'process-2' } });
  });

  it('when its key is collected, nor after a crash that lost the first key', async () => {
    const { id } = await created(jane);
    issuance.setSigner(signingBy(signerOf(issuance.authority), () => new Promise(() => undefined)));
    void collectKubeconfig(issuance.context, alice, id);
    await expect.poll(async () => (await find(id))?.state).toBe('issuing');
    issuance.setSigner(signerOf(issuance.authority));
    const restarted = issuance.restarted();
    await recoverRequests(restarted);
    expect((await find(id))?.state).toBe('approved');
    expect((await collectKubeconfig(restarted, alice, id)).ok).toBe(true);
  });
});

describe('a quota that was lowered', () => {
  it('ends what was approved before with NoLongerPermitted, one by one, until the rest fits', async () => {
    issuance.setPolicies(policy('three', { livePerUsername: 3 }));
    const ids = [(await created(jane)).id, (await created(jane)).id, (await created(jane)).id];
    issuance.setPolicies(policy('three', { livePerUsername: 2 }));
    const outcomes = [];
    for (const id of ids) outcomes.push(await collectKubeconfig(issuance.context, alice, id));
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true, true]);
    expect(await find(ids[0] ?? '')).toMatchObject({ state: 'denied', failure: { reason: 'NoLongerPermitted' } });
  });
});

describe('a quota that is used up between the decision and its commit', () => {
  /** The first step that holds a quota meets another request that was faster. */
  function overtaken(): Context {
    let overtaking = true;
    return interrupted(async (step) => {
      if (!overtaking || quotasIn(step).length === 0) return null;
      overtaking = false;
      await created(jane);
      return null;
    });
  }

  it('denies the request, recorded with what the writer found', async () => {
    const outcome = await create(jane, overtaken());
    if (outcome.ok || outcome.refusal.kind !== 'policy-denied') throw new Error('it was not denied');
    const { request } = outcome.refusal;
    expect(await find(request.id)).toMatchObject({
      state: 'denied',
      decision: {
        outcome: 'denied',
        facts: {
          usage: { livePerUsername: 1, livePerGroup: { 'team-a': 1 }, livePerRequester: 1, issuancesPerHour: 1 },
        },
        violations: [{ source: 'one', reason: 'QuotaExceeded' }, {}, {}, {}],
      },
    });
  });

  it('hands out no key for it', async () => {
    const outcome = await createKubeconfig(overtaken(), alice, jane, { idempotency: null });
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'policy-denied' } });
    expect((await issuance.context.store.certificates.list({}, { limit: 10, cursor: null })).items).toEqual([]);
  });

  it('leaves the decision to the next policy, where another permits too', async () => {
    issuance.setPolicies(one + policy('other', {}));
    expect((await created(jane)).decision.policy).toBe('one');
    expect((await created(jane)).decision.policy).toBe('other');
    issuance.setPolicies(policy('a-one', { livePerUsername: 3 }) + policy('by-hand', {}, 'manual'));
    const outcome = await create(jane, overtaken());
    expect(outcome).toMatchObject({
      ok: true,
      value: { request: { state: 'pending', decision: { policy: 'by-hand' } } },
    });
  });

  it('ends the last approval of a request with NoLongerPermitted', async () => {
    issuance.setPolicies(policy('one-by-hand', { livePerUsername: 1 }, 'manual'));
    const [first, second] = [(await created(jane)).id, (await created(jane)).id];
    let overtaking = true;
    const context = interrupted(async (step) => {
      if (!overtaking || quotasIn(step).length === 0) return null;
      overtaking = false;
      expect((await approveRequest(issuance.context, bob, first, null)).ok).toBe(true);
      return null;
    });
    expect(await approveRequest(context, bob, second, null)).toMatchObject({
      ok: false,
      refusal: { kind: 'policy-denied', violations: [{ reason: 'QuotaExceeded' }] },
    });
    expect(await find(second)).toMatchObject({ state: 'denied', failure: { reason: 'NoLongerPermitted' } });
  });

  it('is back-pressure, and nothing is recorded, where three policies in a row are used up like that', async () => {
    const bounds = [5, 6, 7, 8];
    issuance.setPolicies(bounds.map((bound) => policy(`at-most-${bound}`, { livePerUsername: bound })).join(''));
    const policies: number[] = [];
    const context = interrupted((step) => {
      const [quota] = quotasIn(step);
      if (quota === undefined) return Promise.resolve(null);
      policies.push(quota.atMost);
      const { limit, atMost } = quota;
      return Promise.resolve({ committed: false, conflict: { kind: 'quota', limit, found: atMost } });
    });
    await expect(create(jane, context)).rejects.toThrow(StoreBusyError);
    expect(policies).toEqual([5, 6, 7]);
    expect((await issuance.context.store.requests.list({}, { limit: 10, cursor: null })).items).toEqual([]);
  });
});

describe('the step that makes a certificate count', () => {
  it('holds every bound of the deciding policy, before it adds one', async () => {
    const steps: Step[] = [];
    await create(
      { username: 'jane', groups: ['team-a', 'team-b'] },
      interrupted((step) => {
        steps.push(step);
        return Promise.resolve(null);
      }),
    );
    const [step] = steps;
    expect(step?.operations.map(aboutOf)).toEqual([
      'blocked',
      ...Array.from({ length: 5 }, () => 'quota'),
      'PolicySet',
      'Decision',
    ]);
    expect(
      step &&
        quotasIn(step)
          .map(({ limit }) => limit.kind)
          .sort(),
    ).toEqual(['issuancesPerHour', 'livePerGroup', 'livePerGroup', 'livePerRequester', 'livePerUsername']);
  });

  it('counts nothing where the deciding policy has no quota, nor for a request that waits', async () => {
    for (const text of [policy('free', {}), policy('waits', { livePerUsername: 1 }, 'manual')]) {
      issuance.setPolicies(text);
      const steps: Step[] = [];
      await create(
        jane,
        interrupted((step) => {
          steps.push(step);
          return Promise.resolve(null);
        }),
      );
      expect(steps.flatMap(quotasIn)).toEqual([]);
    }
  });
});
