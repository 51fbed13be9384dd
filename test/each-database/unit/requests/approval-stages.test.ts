// Tests src/requests/decide-request.ts, src/context/request-steps.ts
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Context } from '../../../../src/context/context.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { approveRequest, cancelRequest, denyRequest } from '../../../../src/requests/decide-request.js';
import { expireRequests } from '../../../../src/requests/expire-requests.js';
import { awaitedStages, type CertificateRequest } from '../../../../src/model/certificate-request.js';
import type { CommitResult, Step } from '../../../../src/store/steps/step.js';
import { testIssuance, type TestIssuance } from '../../../helpers/issuance.js';
import { alice, bob, principal } from '../../../helpers/principals.js';
import { aPolicy } from '../../../helpers/policies.js';

interface Stage {
  readonly count: number;
  readonly group: string;
}

const policyWith = (stages: readonly Stage[], group = 'ops-*') => {
  const awaited = stages.map(({ count, group }) => ({ count, approvers: { groups: [group] } }));
  return aPolicy('staged', { groups: [group] }, { approval: { mode: 'manual', stages: awaited } });
};
const leadsThenSecurity = [
  { count: 2, group: 'leads' },
  { count: 1, group: 'security' },
];

let issuance: TestIssuance;
beforeAll(async () => {
  issuance = await testIssuance(policyWith(leadsThenSecurity));
});
afterAll(() => issuance.close());

async function pending(stages: readonly Stage[] = leadsThenSecurity): Promise<string> {
  issuance.setPolicies(policyWith(stages));
  const ask = { username: 'jane', groups: ['ops-eu'] };
  const outcome = await createRequest(issuance.context, alice, ask, { waitSeconds: 0, idempotency: null });
  if (!outcome.ok) throw new Error(outcome.refusal.kind);
  return outcome.value.request.id;
}

async function find(id: string): Promise<CertificateRequest> {
  const request = await issuance.context.store.requests.find(id);
  if (request === null) throw new Error('it is gone');
  return request;
}

const lena = principal('lena', ['approver'], { groups: ['leads'] });
const lars = principal('lars', ['approver'], { groups: ['leads'] });
const sam = principal('sam', ['approver'], { groups: ['security'] });
const approve = (who: typeof bob, id: string, context = issuance.context) => approveRequest(context, who, id, null);

/** Does something in between, once: after the request was read, before the step is committed. */
function interrupted(meanwhile: () => Promise<unknown>): Context {
  const { context } = issuance;
  let first = true;
  const commit = async (step: Step): Promise<CommitResult> => {
    if (first) {
      first = false;
      await meanwhile();
    }
    return context.store.writer.commit(step);
  };
  return { ...context, store: { ...context.store, writer: { commit } } };
}

describe('an approval that meets another move of its request', () => {
  it('comes after an approval that was faster, and may so be the last', async () => {
    const id = await pending();
    const slow = interrupted(() => approve(lars, id));
    expect(await approve(lena, id, slow)).toMatchObject({ ok: true, value: { request: { state: 'pending' } } });
    expect((await find(id)).approvals.map((approval) => [approval.principal, approval.stage])).toEqual([
      ['lars', 0],
      ['lena', 0],
    ]);
    const other = await pending([{ count: 2, group: 'leads' }]);
    const outcome = await approve(
      lena,
      other,
      interrupted(() => approve(lars, other)),
    );
    expect(outcome).toMatchObject({ ok: true, value: { request: { state: 'approved' } } });
    const events = await issuance.context.store.auditEvents.ofRequest(other);
    expect(events.map(({ type }) => type)).toEqual(['CertificateRequested', 'ApprovalRecorded', 'RequestApproved']);
  });

  it('does not count for a stage that became full meanwhile', async () => {
    const id = await pending();
    await approve(lars, id);
    const lou = principal('lou', ['approver'], { groups: ['leads'] });
    const outcome = await approve(
      lou,
      id,
      interrupted(() => approve(lena, id)),
    );
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'not-permitted' } });
    expect((await find(id)).approvals.map((approval) => approval.principal)).toEqual(['lars', 'lena']);
  });

  it.each([
    ['cancelled', (id: string) => cancelRequest(issuance.context, alice, id, null)],
    ['denied', (id: string) => denyRequest(issuance.context, sam, id, null)],
  ] as const)('is told that the request is %s', async (state, meanwhile) => {
    for (const before of [[], [lars, principal('lou', ['approver'], { groups: ['leads'] })]]) {
      const id = await pending();
      for (const who of before) await approve(who, id);
      const who = before.length === 0 ? lena : sam;
      const outcome = await approve(
        who,
        id,
        interrupted(() => meanwhile(id)),
      );
      expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'state-conflict', state } });
      expect(await find(id)).toMatchObject({ state, approvals: before.map(({ name }) => ({ principal: name })) });
    }
  });

  it('is told that the request has expired', async () => {
    const id = await pending();
    const outcome = await approve(
      lena,
      id,
      interrupted(() => {
        issuance.advance(259_201);
        return expireRequests(issuance.context);
      }),
    );
    expect(outcome).toMatchObject({ ok: false, refusal: { kind: 'state-conflict', state: 'expired' } });
    expect((await find(id)).approvals).toEqual([]);
  });

  it('goes on record with the policy set that was asked, and the next step asks the new one', async () => {
    const id = await pending([{ count: 1, group: 'leads' }]);
    const asked = issuance.context.policySet().digest;
    const outcome = await approve(
      lena,
      id,
      interrupted(() => {
        issuance.setPolicies(policyWith(leadsThenSecurity, 'others'));
        return Promise.resolve();
      }),
    );
    expect(outcome.ok).toBe(true);
    const events = await issuance.context.store.auditEvents.ofRequest(id);
    expect(events.at(-1)).toMatchObject({ type: 'RequestApproved', details: { policySetDigest: asked, stage: 0 } });
  });
});

describe('the stages of a request', () => {
  it('are those of the decision, whatever policy asks for later; what it no longer permits ends at the last one', async () => {
    const id = await pending();
    issuance.setPolicies(policyWith([{ count: 1, group: 'nobody' }]));
    await approve(lena, id);
    expect(awaitedStages(await find(id))).toMatchObject([
      { stage: 0, needed: 1 },
      { stage: 1, needed: 1 },
    ]);
    issuance.setPolicies(policyWith(leadsThenSecurity, 'others'));
    // Not the last one: policy is not asked yet.
    expect((await approve(lars, id)).ok).toBe(true);
    expect(await approve(sam, id)).toMatchObject({ ok: false, refusal: { kind: 'policy-denied' } });
    expect(await find(id)).toMatchObject({ state: 'denied', failure: { reason: 'NoLongerPermitted' } });
  });

  it('are told of in the audit log with what each approval leaves', async () => {
    const id = await pending();
    await approveRequest(issuance.context, lena, id, 'fine');
    const events = await issuance.context.store.auditEvents.ofRequest(id);
    expect(events.at(-1)).toMatchObject({
      type: 'ApprovalRecorded',
      principal: 'lena',
      details: {
        stage: 0,
        comment: 'fine',
        awaiting: [
          { stage: 0, needed: 1 },
          { stage: 1, needed: 1 },
        ],
      },
    });
  });

  it('are one of one approver in a record that names none, and its approvals count for the first', () => {
    const decision = { stages: [] } as unknown as CertificateRequest['decision'];
    const approval = { principal: 'bob', at: new Date(), comment: null };
    expect(awaitedStages({ state: 'pending', decision, approvals: [] })).toEqual([{ stage: 0, needed: 1 }]);
    expect(awaitedStages({ state: 'pending', decision, approvals: [approval] })).toEqual([]);
    expect(awaitedStages({ state: 'approved', decision, approvals: [] })).toEqual([]);
  });
});

/** The actions on a pending request; those of one round happen at the same time. */
const who = fc.constantFrom('ann', 'ben', 'cat', 'dan', 'eva', 'fay');
const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('approve' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deny' as const), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), who }) },
);
const scenario = fc.record({
  stages: fc.array(fc.record({ count: fc.integer({ min: 1, max: 3 }), group: fc.constantFrom('a', 'b', 'c') }), {
    minLength: 1,
    maxLength: 3,
  }),
  groups: fc.array(fc.subarray(['a', 'b', 'c']), { minLength: 6, maxLength: 6 }),
  rounds: fc.array(fc.array(action, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
});

describe('whatever people do at the same time', () => {
  it('loses no approval, counts none twice or out of turn, and ends the request once', async () => {
    const names = ['ann', 'ben', 'cat', 'dan', 'eva', 'fay'];
    await fc.assert(
      fc.asyncProperty(scenario, async ({ stages, groups, rounds }) => {
        const id = await pending(stages);
        const people = new Map(
          names.map((name, i) => [name, principal(name, ['approver'], { groups: groups[i] ?? [] })] as const),
        );
        const succeeded: string[] = [];
        const act = async ({
          kind,
          who: name,
        }: {
          readonly kind: 'approve' | 'deny' | 'cancel';
          readonly who: string;
        }) => {
          const person = people.get(name) ?? bob;
          const outcome =
            kind === 'approve'
              ? await approve(person, id)
              : kind === 'deny'
                ? await denyRequest(issuance.context, person, id, null)
                : await cancelRequest(issuance.context, alice, id, null);
          if (outcome.ok) succeeded.push(kind === 'approve' ? name : kind);
        };
        for (const round of rounds) await Promise.all(round.map(act));

        const request = await find(id);
        const approvers = request.approvals.map((approval) => approval.principal);
        const ends = succeeded.filter((each) => each === 'deny' || each === 'cancel');
        expect(succeeded.filter((each) => names.includes(each)).sort()).toEqual([...approvers].sort());
        expect(new Set(approvers).size).toBe(approvers.length);
        let expected = 0;
        const given = stages.map(() => 0);
        for (const { principal: name, stage = -1 } of request.approvals) {
          while ((given[expected] ?? 0) === stages[expected]?.count) expected += 1;
          expect(stage).toBe(expected);
          expect(people.get(name)?.groups).toContain(stages[stage]?.group);
          given[stage] = (given[stage] ?? 0) + 1;
        }
        const full = stages.every(({ count }, i) => given[i] === count);
        const end = ends[0] === 'deny' ? 'denied' : ends[0] === 'cancel' ? 'cancelled' : full ? 'approved' : 'pending';
        expect(request.state).toBe(end);
        expect(ends.length).toBeLessThanOrEqual(1);

        const events = (await issuance.context.store.auditEvents.ofRequest(id)).map(({ type }) => type);
        const recorded = events.filter((type) => type === 'ApprovalRecorded' || type === 'RequestApproved');
        expect(recorded).toHaveLength(approvers.length);
        expect(events.filter((type) => type === 'RequestApproved')).toHaveLength(full ? 1 : 0);
      }),
      { numRuns: 60 },
    );
  });
});
