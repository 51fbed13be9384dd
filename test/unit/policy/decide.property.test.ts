import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roles } from '../../../src/model/principal.js';
import { keyAlgorithms } from '../../../src/pki/key-algorithm.js';
import { decide } from '../../../src/policy/decide.js';
import type { Guardrail, Policy } from '../../../src/policy/policy-set.js';
import { facts, now, policy, policySet, request } from './builders.js';

// A small vocabulary, and leave given more often than not, so that about every second request is permitted.
const word = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('a', 'ab', 'b', 'team-a', 'team-b') },
  { weight: 1, arbitrary: fc.constantFrom('system:masters', 'kubeadm:cluster-admins', 'x*', '*') },
);
const glob = fc.oneof(
  { weight: 2, arbitrary: fc.constant('*') },
  { weight: 1, arbitrary: fc.constantFrom('a', 'a*', '*b', 'team-*', 'none', '${requester.username}') },
);
const globs = fc.array(glob, { minLength: 1, maxLength: 3 });
const optional: { requiredKeys: [] } = { requiredKeys: [] };

const selector = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        clusters: fc.array(fc.constantFrom('*', 'dev-*', 'prod'), { maxLength: 2 }),
        requesters: fc.record({ names: globs, roles: fc.subarray([...roles]) }, optional),
      },
      optional,
    ),
  },
);
const anyPolicy: fc.Arbitrary<Policy> = fc.record({
  name: fc.uuid(),
  selector,
  allowed: fc.record({ usernames: globs, groups: globs }, optional),
  constraints: fc.record({ maxExpirationSeconds: fc.integer({ min: 600, max: 90_000 }) }, optional),
  approval: fc.oneof(
    fc.constant({ mode: 'auto' } as const),
    fc.integer({ min: 1, max: 3 }).map((count) => ({ mode: 'manual', stages: [{ count }] }) as const),
  ),
  validations: fc.constant([]),
  quota: fc.constant({}),
  kubeconfig: fc.constant({ namespace: null, contextName: null }),
});
const anyGuardrail: fc.Arbitrary<Guardrail> = fc.record({
  name: fc.uuid(),
  selector,
  match: fc.option(fc.record({ usernames: globs, groups: globs }, optional), { nil: null, freq: 9 }),
  matchConditions: fc.constant([]),
  resolvesTo: fc.constant(null),
  approval: fc.constant(null),
  message: fc.constant('no'),
});
const anyRequest = fc.record({
  username: word,
  groups: fc.array(word, { maxLength: 3 }),
  keyAlgorithm: fc.constantFrom(...keyAlgorithms),
  expirationSeconds: fc.option(fc.integer({ min: 600, max: 100_000 }), { nil: null }),
  namespace: fc.constant(null),
  reason: fc.constant(null),
  collector: word,
});
const anyRequester = fc.record({
  name: word,
  groups: fc.array(word, { maxLength: 2 }),
  roles: fc.array(fc.constantFrom(...roles), { maxLength: 2 }),
});
const situation = fc.record({
  request: anyRequest,
  requester: anyRequester,
  policies: fc.array(anyPolicy, { minLength: 1, maxLength: 5 }),
  guardrails: fc.array(anyGuardrail, { maxLength: 1 }),
});

const outcomeOf = ({ request: asked, requester, policies, guardrails }: SituationOf) =>
  decide(asked, requester, facts(), policySet(policies, guardrails), now);
type SituationOf = typeof situation extends fc.Arbitrary<infer T> ? T : never;

describe('decide, whatever the set', () => {
  it('never turns permitted into denied for one more policy', () => {
    fc.assert(
      fc.property(situation, anyPolicy, (given, more) => {
        fc.pre(outcomeOf(given).outcome === 'permitted');
        expect(outcomeOf({ ...given, policies: [...given.policies, more] }).outcome).toBe('permitted');
      }),
    );
  });

  it('never turns denied into permitted for one more guardrail', () => {
    fc.assert(
      fc.property(situation, anyGuardrail, (given, more) => {
        fc.pre(outcomeOf(given).outcome === 'denied');
        expect(outcomeOf({ ...given, guardrails: [...given.guardrails, more] }).outcome).toBe('denied');
      }),
    );
  });

  it('decides alike whatever the order of policies', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const { trace: _, violations: __, ...there } = outcomeOf(given);
        const {
          trace: ___,
          violations: ____,
          ...back
        } = outcomeOf({
          ...given,
          policies: [...given.policies].reverse(),
        });
        expect(back).toEqual(there);
      }),
    );
  });

  it('says why exactly where it denies', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const decision = outcomeOf(given);
        expect(decision.violations.length > 0).toBe(decision.outcome === 'denied');
      }),
    );
  });

  it('never permits a name of system:* or a privileged group', () => {
    fc.assert(
      fc.property(situation, (given) => {
        fc.pre(outcomeOf(given).outcome === 'permitted');
        expect([given.request.username, ...given.request.groups].filter((name) => name.includes(':'))).toEqual([]);
      }),
    );
  });

  it('never permits a longer lifetime than the policy that decides', () => {
    fc.assert(
      fc.property(situation, (given) => {
        const decision = outcomeOf(given);
        if (decision.outcome === 'denied') return;
        const deciding = given.policies.find(({ name }) => name === decision.policy);
        expect(decision.expirationSeconds).toBeLessThanOrEqual(deciding?.constraints.maxExpirationSeconds ?? Infinity);
      }),
    );
  });

  it('gives a principal whose name holds glob characters nothing but that name', () => {
    const own = policy('own', { allowed: { usernames: ['${requester.username}', 'x-${requester.username}-*'] } });
    fc.assert(
      fc.property(fc.stringMatching(/^[ab*$.{}]{1,8}$/), fc.stringMatching(/^[abx-]{1,8}$/), (name, username) => {
        fc.pre(/^[a-z0-9](.*[a-z0-9])?$/.test(username));
        const decision = decide(request({ username }), { name, groups: [], roles: [] }, facts(), policySet([own]), now);
        const expected = username === name || username.startsWith(`x-${name}-`);
        expect(decision.outcome).toBe(expected ? 'permitted' : 'denied');
      }),
    );
  });
});
