// Tests src/requests/request-actions.ts, src/requests/request-actions-view.ts, src/http/problems/refusal-to-problem.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionsView } from '../../../src/requests/request-actions-view.js';
import { refusalToProblem } from '../../../src/http/problems/refusal-to-problem.js';
import { requestStates, type CertificateRequest } from '../../../src/model/certificate-request.js';
import type { Outcome } from '../../../src/model/outcome.js';
import type { Context } from '../../../src/context/context.js';
import { keyOfCsr } from '../../../src/requests/issuance/start-attempt.js';
import { collectKubeconfig } from '../../../src/requests/collect-kubeconfig.js';
import { approveRequest, cancelRequest, denyRequest } from '../../../src/requests/decide-request.js';
import { findRequest, RecordedPolicySets } from '../../../src/requests/read-requests.js';
import type { Principal } from '../../../src/model/principal.js';
import { insertIdentityBlock } from '../../../src/store/tables/identity-block-table.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { readCertificationRequest, signaturesHere } from '@kubepass/x509';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { testIssuance, testPolicies, type TestIssuance } from '../../helpers/issuance.js';
import { admin, alice, auditor, bob, carol, principal } from '../../helpers/principals.js';
import { anAttempt, aRequest } from '../store/records.js';

let issuance: TestIssuance;
let csr: Pick<CertificateRequest, 'certificationRequest' | 'publicKey'>;
beforeAll(async () => {
  issuance = await testIssuance();
  const read = await readCertificationRequest((await csrFor('jane', ['ops-eu'])).pem, signaturesHere);
  if (!read.ok) throw new Error(read.refusal.message);
  csr = { certificationRequest: read.csr.der, publicKey: keyOfCsr(read.csr).reference };
});
afterAll(() => issuance.close());

const later = () => new Date(issuance.context.clock().getTime() + 60_000);
const earlier = () => new Date(issuance.context.clock().getTime() - 60_000);

/** A request of alice's that carla collects. */
const asked = (more: Partial<CertificateRequest> = {}): CertificateRequest =>
  aRequest({
    groups: ['ops-eu'],
    requester: { name: 'alice', groups: [], roles: ['requester'] },
    collector: 'carla',
    createdAt: issuance.context.clock(),
    waitsUntil: later(),
    ...more,
  });

async function record(request: CertificateRequest): Promise<string> {
  await issuance.context.store.writer.commit({ operations: [insertRequest(request)], events: [] });
  return request.id;
}

const lena = principal('lena', ['approver'], { groups: ['leads'] });
const sam = principal('sam', ['approver'], { groups: ['security'] });
const approvalOf = (name: string, createdBy: readonly string[] = []) => ({
  principal: name,
  at: issuance.context.clock(),
  comment: null,
  stage: 0,
  createdBy,
});
const everybody: readonly Principal[] = [
  alice,
  bob,
  carol,
  auditor,
  admin,
  lena,
  sam,
  principal('carla', ['requester']),
  principal('Carla', ['approver']),
  principal('carla', []),
  principal('jane', ['approver']),
  principal('petra', ['provisioner']),
  principal('alice', ['requester', 'admin']),
  principal('puppet', ['approver'], { createdBy: ['root', 'ALICE'] }),
  principal('puppet', ['approver'], { createdBy: ['jane'] }),
  principal('mona', ['approver']),
  principal('second-bob', ['approver'], { createdBy: ['bob'] }),
  principal('carla', ['requester'], { createdBy: ['bob'] }),
];

const calls = {
  approve: approveRequest,
  deny: denyRequest,
  cancel: cancelRequest,
  collect: collectKubeconfig,
} as const;
type Action = keyof typeof calls;
const actions = Object.keys(calls) as readonly Action[];

async function read(context: Context, who: Principal, id: string) {
  const recordedPolicySets = new RecordedPolicySets(context);
  const found = await findRequest({ ...context, recordedPolicySets }, who, id);
  if (found.ok) return actionsView(found.value.actions);
  expect(found.refusal.kind).toBe('not-found');
  return null;
}

async function call(context: Context, who: Principal, id: string, action: Action) {
  const outcome: Outcome<unknown> = await (action === 'collect'
    ? collectKubeconfig(context, who, id)
    : calls[action](context, who, id, null));
  await context.attempts.waitForEnd(id, 5);
  return { allowed: outcome.ok, why: outcome.ok ? null : refusalToProblem(outcome.refusal).detail };
}

/** Compares what each principal is told with the answer of each call. Answers how often a call was allowed. */
async function compare(make: () => CertificateRequest, context = issuance.context): Promise<Record<Action, number>> {
  const allowed = { approve: 0, deny: 0, cancel: 0, collect: 0 };
  for (const who of everybody)
    for (const action of actions) {
      const id = await record(make());
      const told = await read(context, who, id);
      expect(await context.store.auditEvents.ofRequest(id)).toEqual([]);
      const answer = await call(context, who, id, action);
      if (told === null) expect(answer.why).toBe('there is no such resource, or the caller may not read it');
      else expect(answer, `${action} by ${JSON.stringify(who)}`).toEqual(told[action]);
      if (answer.allowed) allowed[action] += 1;
    }
  return allowed;
}

describe('what a principal is told that it may do with a request', () => {
  it.each(requestStates)('is what each call then does: %s', async (state) => {
    const attempt = ['issuing', 'issued', 'failed'].includes(state) ? anAttempt() : null;
    const isWaiting = ['pending', 'approved'].includes(state);
    const allowed = await compare(() =>
      asked({
        state,
        attempt,
        ...(!isWaiting && { waitsUntil: null }),
        ...(state !== 'pending' && { approvals: [approvalOf('bob')] }),
      }),
    );
    expect(Object.values(allowed).map((times) => times > 0)).toEqual([
      state === 'pending',
      state === 'pending',
      isWaiting,
      state === 'approved',
    ]);
  });

  it('is so for whoever made a token of the requester, and after an approval with a token', async () => {
    const { decision } = asked();
    expect(await compare(() => asked({ decision: { ...decision, makers: ['mona', 'Lena'] } }))).toMatchObject({
      collect: 0,
    });
    const twice = { ...decision, stages: [{ count: 2 }] };
    for (const approval of [approvalOf('bob'), approvalOf('robot', ['sam'])]) {
      const { approve, deny } = await compare(() => asked({ decision: twice, approvals: [approval] }));
      expect(approve).toBeGreaterThan(0);
      expect(deny).toBeGreaterThan(approve);
    }
  });

  it('is so for stages, first and last', async () => {
    const stages = [
      { count: 1, approvers: { groups: ['leads'] } },
      { count: 1, approvers: { groups: ['security'] } },
    ];
    const decision = { ...asked().decision, stages };
    expect(await compare(() => asked({ decision }))).toMatchObject({ approve: 1, deny: 2 });
    const approvals = [approvalOf('leo')];
    expect(await compare(() => asked({ decision, approvals }))).toMatchObject({ approve: 1, deny: 2 });
  });

  it('is so for a request whose time is over, and for one whose cluster is gone', async () => {
    for (const state of ['pending', 'approved'] as const) {
      const lapsed = await compare(() => asked({ state, waitsUntil: earlier() }));
      expect(lapsed).toMatchObject({ approve: 0, collect: 0 });
      const gone = await compare(() => asked({ state }), { ...issuance.context, clusters: new Map() });
      expect(gone).toMatchObject({ approve: 0, collect: 0 });
    }
  });

  it('is so for a request with a CSR, which nobody collects', async () => {
    for (const state of ['pending', 'approved', 'issued'] as const)
      expect(await compare(() => asked({ state, ...csr }))).toMatchObject({ collect: 0 });
  });

  it('is so where policy no longer permits the request, which the last approval and the collector find out', async () => {
    issuance.setPolicies(testPolicies.replace('"ops-*"', '"other-*"'));
    const once = await compare(() => asked());
    expect(once).toMatchObject({ approve: 0 });
    expect(once.deny).toBeGreaterThan(0);
    const stages = [{ count: 2 }];
    const first = await compare(() => asked({ decision: { ...asked().decision, stages } }));
    expect(first.approve).toBeGreaterThan(0);
    expect(await compare(() => asked({ state: 'approved' }))).toMatchObject({ collect: 0 });
    issuance.setPolicies(testPolicies);
  });

  it('is so where the username is blocked, and where somebody is who approved', async () => {
    const block = async (username: string) => {
      const more = { reason: 'privilegeWithdrawn', comment: null, blockedBy: 'root', until: null } as const;
      const full = { username, clusters: ['demo'], blockedAt: issuance.context.clock(), ...more };
      await issuance.context.store.writer.commit({
        operations: [insertIdentityBlock({ block: full, folded: username })],
        events: [],
      });
      issuance.context.identityBlocks.add(username);
    };
    await block('jane');
    await block('robot');
    expect(await compare(() => asked())).toMatchObject({ approve: 0 });
    expect(await compare(() => asked({ state: 'approved' }))).toMatchObject({ collect: 0 });
    const decision = { ...asked().decision, stages: [{ count: 2 }] };
    const approvals = [approvalOf('robot')];
    const blockedApprover = await compare(() => asked({ username: 'jim', decision, approvals }));
    expect(blockedApprover.approve).toBeGreaterThan(0);
  });
});
