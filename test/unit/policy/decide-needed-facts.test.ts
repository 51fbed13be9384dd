// Tests src/policy/decide.ts
import { describe, expect, it } from 'vitest';
import { neededFacts } from '../../../src/policy/decide.js';
import { guardrail, policy, policySet, requester } from './builders.js';

const onDev = { selector: { clusters: ['dev-*'] } };
const needed = (...args: Parameters<typeof policySet>) => neededFacts(policySet(...args), 'dev-eu', requester());
const nothing = { usage: false, active: false, blastRadius: false, directory: false };

describe('neededFacts', () => {
  it('is nothing where no rule looks at any', () => {
    expect(needed([policy('p', { quota: {}, validations: [{ expression: 'now == now' }] })], [guardrail('g')])).toEqual(
      nothing,
    );
  });

  it('is usage for a quota', () => {
    expect(needed([policy('p', { ...onDev, quota: { issuancesPerHour: 1 } })])).toEqual({ ...nothing, usage: true });
  });

  it.each([
    ['a validation', [policy('p', { validations: [{ expression: 'active.size() < 2' }] })], []],
    [
      'a message',
      [policy('p', { validations: [{ expression: 'false', messageExpression: 'string(active.size())' }] })],
      [],
    ],
    ['a condition', [], [guardrail('g', { matchConditions: [{ name: 'c', expression: 'active.size() < 2' }] })]],
  ])('is the active certificates for %s that reads them', (_, policies, guardrails) => {
    expect(needed(policies, guardrails)).toEqual({ ...nothing, active: true });
  });

  it('is the blast radius for a guardrail that asks', () => {
    expect(needed([], [guardrail('g', { resolvesTo: ['ClusterAdmin'] })])).toEqual({ ...nothing, blastRadius: true });
  });

  it('is nothing for rules that do not speak of such requests', () => {
    const elsewhere = { selector: { clusters: ['prod-*'] } };
    const others = { selector: { requesters: { names: ['ci-*'] } } };
    expect(
      needed(
        [
          policy('p', { ...elsewhere, quota: { livePerGroup: 1 } }),
          policy('q', { ...others, quota: { livePerGroup: 1 } }),
        ],
        [guardrail('g', { ...elsewhere, resolvesTo: ['Wildcard'] })],
      ),
    ).toEqual(nothing);
  });
});
