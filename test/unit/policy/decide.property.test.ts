// Tests src/policy/decide.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CertificateRequest } from '../../../src/model/certificate-request.js';
import { neededFacts, recomputeDecision, recordedDecision, decide, countOf } from '../../../src/policy/decide.js';
import { anyApprovalGuardrail, anyGuardrail, anyPolicy, anySituation, type Situation } from './arbitraries.js';
import { facts, now, policy, policySet, request } from './builders.js';

const decisionOn = ({ request: asked, requester, facts: known, policies, guardrails, now: at }: Situation) =>
  decide(asked, requester, known, policySet(policies, guardrails), at);
const approvalsOf = (situation: Situation): number => {
  const decision = decisionOn(situation);
  return decision.outcome === 'denied' ? Infinity : countOf(decision.stages);
};

describe('decide, whatever the set', () => {
  it('permits about as much as it denies of what it is tested with here', () => {
    const outcomes = fc.sample(anySituation, 1000).map((situation) => decisionOn(situation).outcome);
    const permitted = outcomes.filter((outcome) => outcome === 'permitted').length;
    expect(permitted).toBeGreaterThan(200);
    expect(permitted).toBeLessThan(800);
  });

  it('never turns permitted into denied for one more policy, nor asks for more approvals', () => {
    fc.assert(
      fc.property(anySituation, anyPolicy, (given, more) => {
        const after = approvalsOf({ ...given, policies: [...given.policies, more] });
        expect(after).toBeLessThanOrEqual(approvalsOf(given));
      }),
    );
  });

  it('never turns denied into permitted for one more guardrail', () => {
    fc.assert(
      fc.property(anySituation, anyGuardrail, (given, more) => {
        fc.pre(decisionOn(given).outcome === 'denied');
        expect(decisionOn({ ...given, guardrails: [...given.guardrails, more] }).outcome).toBe('denied');
      }),
    );
  });

  it('never asks for fewer approvals for one more guardrail, and never denies for one that asks for approval', () => {
    fc.assert(
      fc.property(anySituation, anyApprovalGuardrail, (given, more) => {
        const before = approvalsOf(given);
        const after = approvalsOf({ ...given, guardrails: [...given.guardrails, more] });
        expect(after).toBeGreaterThanOrEqual(before);
        expect(after === Infinity).toBe(before === Infinity);
      }),
    );
  });

  it('decides alike whatever the order of policies', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const { trace: _, violations: __, ...there } = decisionOn(given);
        const {
          trace: ___,
          violations: ____,
          ...back
        } = decisionOn({
          ...given,
          policies: [...given.policies].reverse(),
        });
        expect(back).toEqual(there);
      }),
    );
  });

  it('says why exactly where it denies, and the trace names the rules that say so', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const decision = decisionOn(given);
        const verdictOf = (name: string) => decision.trace.find((entry) => entry.name === name)?.verdict;
        if (decision.outcome === 'permitted') {
          expect(decision.violations).toEqual([]);
          expect(verdictOf(decision.policy)).toBe('permits');
          expect(decision.trace.some(({ kind, verdict }) => kind === 'guardrail' && verdict === 'denies')).toBe(false);
        } else {
          expect(decision.violations.length).toBeGreaterThan(0);
          for (const { source } of decision.violations) expect(verdictOf(source)).toBe('denies');
        }
      }),
    );
  });

  it('traces every rule once, and names each check within a rule once or for each value', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const names = decisionOn(given).trace.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        for (const { name } of [...given.policies, ...given.guardrails]) expect(names).toContain(name);
      }),
    );
  });

  it('looks at no fact that was not said to be needed', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const set = policySet(given.policies, given.guardrails);
        const needed = neededFacts(set, given.facts.cluster, given.requester);
        const { usage, active, blastRadius, ...always } = given.facts;
        const only = {
          ...always,
          ...(needed.usage && usage && { usage }),
          ...(needed.active && active && { active }),
          ...(needed.blastRadius && blastRadius !== undefined && { blastRadius }),
        };
        expect(decisionOn({ ...given, facts: only })).toEqual(decisionOn(given));
      }),
    );
  });

  it('gives the same decision and trace again from what is recorded', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const set = policySet(given.policies, given.guardrails);
        const decision = decisionOn(given);
        const recorded = recordedDecision(decision, given.request, given.facts, set, given.now);
        const kept = JSON.parse(JSON.stringify(recorded)) as typeof recorded;
        const stored = {
          ...given.request,
          cluster: given.facts.cluster,
          requester: given.requester,
          expirationSeconds: decision.outcome === 'permitted' ? decision.expirationSeconds : 86_400,
          decision: { ...kept, decidedAt: given.now },
        } as unknown as CertificateRequest;
        expect(recomputeDecision(stored, set)).toEqual(decision);
      }),
    );
  });

  it('never permits a name of system:* or a privileged group', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        fc.pre(decisionOn(given).outcome === 'permitted');
        expect([given.request.username, ...given.request.groups].filter((name) => name.includes(':'))).toEqual([]);
      }),
    );
  });

  it('never permits a longer lifetime than the policy that decides', () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const decision = decisionOn(given);
        if (decision.outcome === 'denied') return;
        const deciding = given.policies.find(({ name }) => name === decision.policy);
        expect(decision.expirationSeconds).toBeLessThanOrEqual(deciding?.constraints.maxExpirationSeconds ?? Infinity);
      }),
    );
  });

  it('gives a principal whose name holds glob characters nothing but that name', () => {
    const own = policy('own', {
      allowed: {
        usernames: ['${requester.username}', 'x-${requester.username}-*'],
        groups: ['${requester.username}'],
        collectors: ['${requester.username}'],
      },
    });
    const name = fc.stringMatching(/^[ab*$.{}?[\]\\]{1,8}$/);
    const asked = fc.stringMatching(/^[abx-]{1,8}$/).filter((text) => /^[a-z0-9](.*[a-z0-9])?$/.test(text));
    fc.assert(
      fc.property(name, asked, asked, asked, (requester, username, group, collector) => {
        const decision = decide(
          request({ username, groups: [group], collector }),
          { name: requester, groups: [], roles: [] },
          facts(),
          policySet([own]),
          now,
        );
        const expected =
          (username === requester || username.startsWith(`x-${requester}-`)) &&
          group === requester &&
          collector === requester;
        expect(decision.outcome).toBe(expected ? 'permitted' : 'denied');
      }),
    );
  });
});
