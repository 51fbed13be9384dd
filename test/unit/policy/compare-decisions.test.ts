// Tests src/policy/compare-decisions.ts
import { describe, expect, it } from 'vitest';
import type { RecordedRequest, Replayed } from '../../../src/model/replay.js';
import { Replayer } from '../../../src/policy/compare-decisions.js';
import { policySetOf, testPolicies } from '../../helpers/issuance.js';
import { recordedRequest } from '../../helpers/recorded-requests.js';

const inForce = policySetOf(testPolicies);
const from = new Date('2026-01-01T00:00:00Z');
/** Permitted by `automatic`, asks for an hour. */
const automatic = recordedRequest(1, { policySet: inForce, from });
/** Permitted by `by-hand` alone: asks for a week. */
const byHand = recordedRequest(3, { policySet: inForce, from });
/** Denied: asks for `blocked`. */
const denied = recordedRequest(4, { policySet: inForce, from });

const replayed = (text: string, request: RecordedRequest): Replayed => new Replayer(policySetOf(text)).replay(request);
const automaticWith = (more: string) =>
  testPolicies.replace('approval: { mode: auto }', `${more}\n  approval: { mode: auto }`);
const guardrail = (spec: string) =>
  `${testPolicies}---\napiVersion: kubepass/v1\nkind: Guardrail\nmetadata: { name: g }\nspec:\n  ${spec}\n  message: no\n`;

describe('Replayer', () => {
  it('finds no difference under the policies that decided', () => {
    for (const request of [automatic, byHand, denied])
      expect(replayed(testPolicies, request)).toEqual({ kind: 'unchanged' });
  });

  it('finds no difference where a stage names its approvers, as the store gives the record back', () => {
    const text = testPolicies.replace('mode: manual', 'mode: manual, stages: [{ approvers: { groups: [leads] } }]');
    const recorded = recordedRequest(3, { policySet: policySetOf(text), from });
    const { stages } = recorded.decision;
    const stored = JSON.parse(JSON.stringify(stages)) as typeof stages;
    expect(stored).toEqual([{ count: 1, approvers: { groups: ['leads'] } }]);
    const request = { ...recorded, decision: { ...recorded.decision, stages: stored } };
    expect(replayed(text, request)).toEqual({ kind: 'unchanged' });
  });

  it.each([
    ['permittedToDenied', guardrail('selector: {}'), automatic],
    ['deniedToPermitted', testPolicies.replace('"team-*"', '"*"').replace('86400', '604800'), denied],
    ['approvalChanged', testPolicies.replace('mode: auto', 'mode: manual'), automatic],
    ['policyChanged', testPolicies.replace('name: automatic', 'name: renamed'), automatic],
    ['reasonsChanged', guardrail('selector: {}'), denied],
  ])('tells of %s', (change, text, request) => {
    expect(replayed(text, request)).toMatchObject({ kind: 'changed', changes: [change], request: { id: request.id } });
  });

  it('tells of another lifetime where it was left to policy', () => {
    const left = recordedRequest(0, { policySet: inForce, from });
    expect(replayed(testPolicies.replace('86400', '7200'), left)).toMatchObject({
      changes: ['lifetimeChanged'],
      was: { expirationSeconds: 86_400 },
      wouldBe: { expirationSeconds: 7200 },
    });
  });

  it('says which checks would fail, and which rule is not there any more', () => {
    const text = testPolicies.slice(0, testPolicies.indexOf('---')).replace('"team-*"', '"team-b"');
    expect(replayed(text, automatic)).toMatchObject({
      why: [
        {
          name: 'automatic',
          was: 'permits',
          wouldBe: 'denies',
          failing: [{ check: 'allowed.groups', found: '"team-a", "team-b"' }],
        },
        { name: 'by-hand', was: 'permits', wouldBe: null, failing: [] },
      ],
    });
  });

  describe('where a fact was not recorded', () => {
    it('says so where the decision hangs on it', () => {
      const facts = ['usage'];
      expect(replayed(automaticWith('quota: { livePerUsername: 1 }'), automatic)).toMatchObject({
        kind: 'undecidable',
        facts,
      });
      const active = 'validations: [{ expression: "active.size() == 0", message: no }]';
      expect(replayed(automaticWith(active), automatic)).toMatchObject({ kind: 'undecidable', facts: ['active'] });
      const resolves = guardrail('selector: {}\n  resolvesTo: [ClusterAdmin]');
      expect(replayed(resolves, automatic)).toMatchObject({ kind: 'undecidable', facts: ['blastRadius'] });
    });

    it('decides where the decision is the same whatever the fact', () => {
      // The policy with the quota permits nothing of the kind, or another denies.
      expect(replayed(automaticWith('quota: { livePerUsername: 1 }'), byHand)).toEqual({ kind: 'unchanged' });
      expect(replayed(automaticWith('quota: { livePerUsername: 1 }'), denied)).toEqual({ kind: 'unchanged' });
      expect(replayed(guardrail('selector: {}\n  resolvesTo: [ClusterAdmin]'), denied)).toEqual({ kind: 'unchanged' });
    });

    it('decides by the fact where it was recorded', () => {
      const usage = { livePerUsername: 1, livePerGroup: {}, livePerRequester: 0, issuancesPerHour: 0 };
      const counted = recordedRequest(1, { policySet: inForce, from, facts: { usage } });
      const quota = (most: number) => automaticWith(`quota: { livePerUsername: ${most} }`);
      expect(replayed(quota(2), counted)).toEqual({ kind: 'unchanged' });
      expect(replayed(quota(1), counted)).toMatchObject({ changes: ['approvalChanged', 'policyChanged'] });
    });

    it('does not guess whether a lifetime was asked for', () => {
      const { askedExpirationSeconds: _, ...decision } = recordedRequest(0, { policySet: inForce, from }).decision;
      const old = { ...recordedRequest(0, { policySet: inForce, from }), decision };
      expect(replayed(testPolicies, old)).toEqual({ kind: 'unchanged' });
      expect(replayed(testPolicies.replace('86400', '7200'), old)).toMatchObject({
        kind: 'undecidable',
        facts: ['askedExpirationSeconds'],
      });
    });
  });

  it('counts a record that cannot be replayed as failed, and goes on', () => {
    const broken = { ...automatic, decision: { ...automatic.decision, facts: null } } as unknown as RecordedRequest;
    expect(replayed(testPolicies, broken)).toMatchObject({ kind: 'failed', request: { id: automatic.id } });
  });
});
