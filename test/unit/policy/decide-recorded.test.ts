// Tests src/policy/decide.ts
import { describe, expect, it } from 'vitest';
import { decide, recordedDecision } from '../../../src/policy/decide.js';
import { facts, now, policy, policySet, request, requester } from './builders.js';

describe('recordedDecision', () => {
  const set = policySet([
    policy('elsewhere', { selector: { clusters: ['prod'] } }),
    policy('strict', { allowed: { usernames: ['joe'] }, constraints: { maxExpirationSeconds: 600 } }),
    policy('by-hand', { approval: { mode: 'manual', stages: [{ count: 1 }] } }),
  ]);

  it("keeps the stages and each policy's verdict with its reasons, also where another permits", () => {
    const asked = request({ groups: ['a'], expirationSeconds: 3600 });
    const decision = decide(asked, requester(), facts(), set, now);
    expect(recordedDecision(decision, asked, facts(), set, now)).toEqual({
      outcome: 'permitted',
      approval: 'manual',
      policy: 'by-hand',
      stages: [{ count: 1 }],
      violations: [],
      kubeconfig: { namespace: null, contextName: null },
      quota: {},
      expiresAfterSeconds: null,
      askedExpirationSeconds: 3600,
      facts: facts(),
      verdicts: [
        { name: 'elsewhere', verdict: 'notApplicable', reasons: [] },
        {
          name: 'strict',
          verdict: 'denies',
          reasons: ['UsernameNotPermitted', 'GroupNotPermitted', 'ExpirationTooLong'],
        },
        { name: 'by-hand', verdict: 'permits', reasons: [] },
      ],
      policySetDigest: set.digest,
      decidedAt: now,
    });
  });

  it('keeps all violations of a denial, those of guardrails included', () => {
    const decision = decide(request({ username: 'system:x' }), requester(), facts(), set, now);
    const recorded = recordedDecision(decision, request(), facts(), set, now);
    expect(recorded).toMatchObject({ outcome: 'denied', approval: null, policy: null, stages: [] });
    expect(recorded.violations).toEqual(decision.violations);
    expect(recorded.violations.map(({ reason }) => reason)).toEqual(['SystemName']);
  });

  it('keeps that a policy could not be evaluated', () => {
    const broken = policy('broken', { selector: { clusters: ['*'] } });
    Object.defineProperty(broken, 'allowed', {
      get: () => {
        throw new Error('broken');
      },
    });
    const withBroken = policySet([broken, policy('any')]);
    const decision = decide(request(), requester(), facts(), withBroken, now);
    expect(recordedDecision(decision, request(), facts(), withBroken, now).verdicts).toEqual([
      { name: 'broken', verdict: 'denies', reasons: ['EvaluationFailed'] },
      { name: 'any', verdict: 'permits', reasons: [] },
    ]);
  });

  it('survives JSON, as the store keeps it', () => {
    const decision = decide(request(), requester(), facts(), set, now);
    const recorded = recordedDecision(decision, request(), facts(), set, now);
    expect(JSON.parse(JSON.stringify(recorded))).toEqual({ ...recorded, decidedAt: now.toISOString() });
  });
});
