// Tests src/requests/gather-facts.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../../../src/context/context.js';
import { createRequest } from '../../../../src/requests/create-request.js';
import { neededFacts } from '../../../../src/policy/decide.js';
import { gatherFacts } from '../../../../src/requests/gather-facts.js';
import { type BlastRadius, privilegesOf } from '../../../../src/model/blast-radius.js';
import type { PolicySet } from '../../../../src/policy/policy-set.js';
import { csrFor } from '../../../../packages/x509/test/helpers/csr.js';
import { policySetOf, testIssuance, testPolicies, type TestIssuance } from '../../../helpers/issuance.js';
import { alice, hr } from '../../../helpers/principals.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

const subject = {
  id: '01a21584-8c31-7656-bd94-c3c003ce277d',
  cluster: 'demo',
  username: 'jane',
  groups: ['team-a', 'team-b'],
  requester: alice,
};
const now = () => issuance.context.clock();
const plain = { cluster: 'demo', allowPrivilegedGroups: [], nameAlphabet: 'ascii' };

const withQuota = policySetOf(testPolicies.replace('approval: { mode: auto }', 'quota: { livePerUsername: 3 }\n  $&'));
const reading = (base: PolicySet, reads: 'active' | 'request'): PolicySet => ({
  ...base,
  policies: base.policies.map((policy) => ({
    ...policy,
    validations: [
      {
        expression: { text: 'true', reads: new Set([reads] as const), evaluate: () => true },
        message: null,
        messageExpression: null,
      },
    ],
  })),
});
const asking = (base: PolicySet): PolicySet => ({
  ...base,
  guardrails: [
    {
      name: 'no-admins',
      selector: {},
      match: null,
      matchConditions: [],
      resolvesTo: ['ClusterAdmin'],
      approval: null,
      message: 'no',
    },
  ],
});

async function issue(who = alice) {
  const { pem } = await csrFor('jane', ['team-a']);
  const outcome = await createRequest(issuance.context, who, { csr: pem }, { waitSeconds: 5, idempotency: null });
  if (!outcome.ok || outcome.value.certificate === null) throw new Error('it was not issued');
  return outcome.value.certificate;
}

/** A context whose store and cluster answer nothing at all. */
function blind(): Context {
  const { context } = issuance;
  const refuse = () => Promise.reject(new Error('nothing was to be looked up'));
  const [demo] = context.clusters.values();
  if (demo === undefined) throw new Error('there is no cluster');
  const blastRadius = () => {
    throw new Error('nothing was to be looked up');
  };
  return {
    ...context,
    store: {
      ...context.store,
      quotas: { found: refuse },
      certificates: { ...context.store.certificates, activeOf: refuse },
    },
    clusters: new Map([['demo', { ...demo, roleBindings: { blastRadius } }]]),
  };
}

const factsFor = (context: Context, set: PolicySet, usedUp: Parameters<typeof gatherFacts>[4] = []) =>
  gatherFacts(context, subject, neededFacts(set, subject.cluster, subject.requester), now(), usedUp);

describe('gatherFacts', () => {
  it('looks nothing up where no rule looks at it', async () => {
    const set = reading(policySetOf(testPolicies), 'request');
    expect(await factsFor(blind(), set)).toEqual(plain);
  });

  it('counts what quotas count where a policy that speaks about the request has one', async () => {
    const none = { livePerUsername: 0, livePerGroup: { 'team-a': 0, 'team-b': 0 }, livePerRequester: 0 };
    expect(await factsFor(issuance.context, withQuota)).toEqual({
      ...plain,
      usage: { ...none, issuancesPerHour: 0 },
    });
    const { notAfter } = await issue();
    await issue(hr);
    const end = notAfter.toISOString();
    expect((await factsFor(issuance.context, withQuota)).usage).toEqual({
      livePerUsername: 2,
      livePerGroup: { 'team-a': 2, 'team-b': 0 },
      livePerRequester: 1,
      issuancesPerHour: 1,
      nextEnds: {
        livePerUsername: end,
        'livePerGroup/team-a': end,
        livePerRequester: end,
        issuancesPerHour: expect.stringMatching(/^20.*Z$/) as unknown,
      },
    });
  });

  it('takes the writer’s word for a quota that it found used up, and only for that one', async () => {
    const usedUp = [
      { kind: 'quota', limit: { kind: 'livePerGroup', cluster: 'demo', group: 'team-b' }, found: 7 },
      { kind: 'quota', limit: { kind: 'issuancesPerHour', cluster: 'demo', requester: 'alice' }, found: 9 },
    ] as const;
    await issue();
    expect((await factsFor(issuance.context, withQuota, usedUp)).usage).toMatchObject({
      livePerUsername: 1,
      livePerGroup: { 'team-a': 1, 'team-b': 7 },
      livePerRequester: 1,
      issuancesPerHour: 9,
    });
  });

  it('lists the identity’s valid certificates where an expression reads them', async () => {
    const { serialNumber, notBefore, notAfter } = await issue();
    const facts = await factsFor(issuance.context, reading(policySetOf(testPolicies), 'active'));
    expect(facts).toEqual({
      ...plain,
      active: [
        {
          groups: ['team-a'],
          notBefore: notBefore.toISOString(),
          notAfter: notAfter.toISOString(),
          serialNumber,
          keyAlgorithm: 'ECDSA-P256',
        },
      ],
    });
  });

  it('asks the cluster what the identity could do where a guardrail wants to know; null where it cannot tell', async () => {
    const { context } = issuance;
    const [demo] = context.clusters.values();
    if (demo === undefined) throw new Error('there is no cluster');
    const known: BlastRadius = { grants: [], clusterAdmin: [], escalations: [], observedAt: now().toISOString() };
    const asked: unknown[] = [];
    for (const blastRadius of [known, null]) {
      const answers = (...identity: unknown[]) => (asked.push(identity), blastRadius);
      const clusters = new Map([['demo', { ...demo, roleBindings: { blastRadius: answers } }]]);
      const set = asking(policySetOf(testPolicies));
      const kept = blastRadius && privilegesOf(blastRadius);
      expect(await factsFor({ ...context, clusters }, set)).toEqual({ ...plain, blastRadius: kept });
    }
    expect(asked).toEqual([
      ['jane', ['team-a', 'team-b']],
      ['jane', ['team-a', 'team-b']],
    ]);
  });
});
