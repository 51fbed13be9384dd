// Tests src/policy/decide.ts, src/policy/evaluation.ts
import { describe, expect, it } from 'vitest';
import type { Decision, DecisionFacts } from '../../../src/model/decision.js';
import type { Requester } from '../../../src/model/principal.js';
import { decide } from '../../../src/policy/decide.js';
import type { Guardrail, Policy, RequestToDecide } from '../../../src/policy/policy-set.js';
import { facts, guardrail, now, policy, policySet, request, requester } from './builders.js';

interface Given {
  readonly policies?: readonly Policy[];
  readonly guardrails?: readonly Guardrail[];
  readonly request?: Partial<RequestToDecide>;
  readonly requester?: Partial<Requester>;
  readonly facts?: Partial<DecisionFacts>;
}

function decideRow(row: Given): Decision {
  const asking = requester(row.requester);
  return decide(
    request({ collector: asking.name, ...row.request }),
    asking,
    facts(row.facts),
    policySet(row.policies ?? [], row.guardrails),
    now,
  );
}

const any = policy('any');
describe('decide', () => {
  it('tells the objections of the nearest policy first, and those of guardrails before them', () => {
    const decision = decideRow({
      policies: [
        policy('far', { allowed: { usernames: ['x'], groups: ['y'] }, constraints: { maxExpirationSeconds: 600 } }),
        policy('elsewhere', { selector: { clusters: ['other'] } }),
        policy('near', {
          allowed: { usernames: ['*'], groups: ['team-*', 'ops'] },
          constraints: { maxExpirationSeconds: 3600 },
        }),
        policy('as-near', {
          allowed: { usernames: ['*'], groups: ['team-*', 'ops'] },
          constraints: { maxExpirationSeconds: 900 },
        }),
      ],
      guardrails: [guardrail('no-ops', { match: { groups: ['ops'] } })],
      request: { groups: ['ops'], expirationSeconds: 7200 },
    });
    expect(decision.violations.map(({ source }) => source)).toEqual(['no-ops', 'near', 'as-near', 'far', 'far', 'far']);
  });

  it("quotes the caller's value and names the policy or guardrail", () => {
    const decision = decideRow({
      policies: [
        policy('developers', {
          allowed: { usernames: ['*@corp.example'], groups: ['team-*'] },
          constraints: { maxExpirationSeconds: 3600, minRsaBits: 3072, keyAlgorithms: ['Ed25519'] },
        }),
      ],
      guardrails: [guardrail('no-ops', { match: { groups: ['ops'] }, message: 'ops is for on-call' })],
      request: { groups: ['ops', 'system:masters'], expirationSeconds: 7200, keyAlgorithm: 'RSA-2048' },
    });
    expect(decision.violations).toEqual([
      {
        source: 'built-in/system-names',
        reason: 'SystemGroup',
        message: 'group "system:masters" is reserved: system:* belongs to Kubernetes',
      },
      {
        source: 'no-ops',
        reason: 'DeniedByGuardrail',
        message: 'group "ops" is denied by guardrail "no-ops": ops is for on-call',
      },
      {
        source: 'developers',
        reason: 'UsernameNotPermitted',
        message: 'username "jane" is not permitted by policy "developers"',
      },
      {
        source: 'developers',
        reason: 'GroupNotPermitted',
        message: 'group "ops" is not permitted by policy "developers"',
      },
      {
        source: 'developers',
        reason: 'GroupNotPermitted',
        message: 'group "system:masters" is not permitted by policy "developers"',
      },
      {
        source: 'developers',
        reason: 'ExpirationTooLong',
        message: 'expirationSeconds 7200 is more than the 3600 that policy "developers" permits',
      },
      {
        source: 'developers',
        reason: 'KeyAlgorithmNotPermitted',
        message: 'key algorithm RSA-2048 is not permitted by policy "developers"',
      },
      {
        source: 'developers',
        reason: 'RsaKeyTooSmall',
        message: 'an RSA key of 2048 bits is smaller than the 3072 that policy "developers" asks for',
      },
    ]);
  });

  it('shows no control or format character of a value, and not more than 80 characters', () => {
    const decision = decideRow({ policies: [any], request: { username: `"\u202e\n${'x'.repeat(200)}` } });
    expect(decision.violations[0]?.message).toBe(
      `username "\\"\\u{202e}\\u{a}${'x'.repeat(77)}…" is 203 characters long, at most 64 are allowed`,
    );
  });

  it.each([
    ['a day', policy('p'), 86_400],
    ['a day where the policy permits more', policy('p', { constraints: { maxExpirationSeconds: 90_000 } }), 86_400],
    ['what the policy permits where that is less', policy('p', { constraints: { maxExpirationSeconds: 3600 } }), 3600],
  ])('gives a request without a lifetime %s', (_, only, expirationSeconds) => {
    expect(decideRow({ policies: [only] })).toMatchObject({ expirationSeconds });
  });

  it('takes the lifetime from the policy that decides, not from another that permits', () => {
    const long = policy('a', {
      constraints: { maxExpirationSeconds: 80_000 },
      approval: { mode: 'manual', stages: [{ count: 1 }] },
    });
    const short = policy('z', { constraints: { maxExpirationSeconds: 700 } });
    expect(decideRow({ policies: [long, short] })).toMatchObject({ policy: 'z', expirationSeconds: 700 });
  });

  it('keeps the lifetime that was asked for', () => {
    expect(decideRow({ policies: [any], request: { expirationSeconds: 601 } })).toMatchObject({
      expirationSeconds: 601,
    });
  });

  it('hands over the stages of the policy that decides', () => {
    const stages = [{ count: 1, approvers: { groups: ['leads'] } }];
    const decision = decideRow({ policies: [policy('m', { approval: { mode: 'manual', stages } })] });
    expect(decision).toMatchObject({ approval: 'manual', stages });
    expect(decideRow({ policies: [any] })).toMatchObject({ approval: 'auto', stages: [] });
  });

  it('traces every guardrail and every policy with what each check expected and found', () => {
    const decision = decideRow({
      policies: [
        policy('elsewhere', { selector: { clusters: ['prod'], requesters: { roles: ['requester'] } } }),
        policy('here', { allowed: { usernames: ['j*'], groups: ['a', 'b'] } }),
      ],
      guardrails: [guardrail('g', { match: { groups: ['x'] } })],
      request: { groups: ['b', 'c'] },
    });
    expect(decision.trace.map(({ kind, name, verdict }) => [kind, name, verdict])).toEqual([
      ['guardrail', 'built-in/system-names', 'permits'],
      ['guardrail', 'built-in/privileged-names', 'permits'],
      ['guardrail', 'built-in/name-grammar', 'permits'],
      ['guardrail', 'built-in/group-list', 'permits'],
      ['guardrail', 'built-in/identity-blocks', 'permits'],
      ['guardrail', 'g', 'permits'],
      ['policy', 'elsewhere', 'notApplicable'],
      ['policy', 'here', 'denies'],
    ]);
    expect(decision.trace.slice(-3).map(({ checks }) => checks)).toEqual([
      [{ check: 'match.groups', passed: true, expected: 'none of "x"', found: '"b", "c"' }],
      [
        { check: 'selector.clusters', passed: false, expected: 'any of "prod"', found: '"dev-eu"' },
        { check: 'selector.requesters.roles', passed: true, expected: 'any of "requester"', found: '"requester"' },
      ],
      [
        { check: 'allowed.usernames', passed: true, expected: 'any of "j*"', found: '"jane"' },
        {
          check: 'allowed.groups',
          passed: false,
          expected: 'each any of "a", "b"',
          found: '"b", "c"',
          reason: 'GroupNotPermitted',
        },
        { check: 'allowed.collectors', passed: true, expected: 'the requester', found: '"hr-portal"' },
      ],
    ]);
  });

  it('traces a permitted request as fully as a denied one', () => {
    const decision = decideRow({ policies: [any, policy('other', { allowed: { usernames: ['joe'] } })] });
    expect(decision.trace.map(({ name, verdict }) => `${name} ${verdict}`).slice(-2)).toEqual([
      'any permits',
      'other denies',
    ]);
    expect(decision.violations).toEqual([]);
  });

  describe('where something cannot be evaluated', () => {
    const broken = <T extends object>(whole: T, key: keyof T): T =>
      Object.defineProperty({ ...whole }, key, {
        get: () => {
          throw new Error('secret detail');
        },
      });

    it('denies if it is a guardrail, whatever permits', () => {
      const decision = decideRow({ policies: [any], guardrails: [broken(guardrail('g'), 'selector')] });
      expect(decision).toMatchObject({
        outcome: 'denied',
        violations: [{ source: 'g', reason: 'EvaluationFailed', message: 'guardrail "g" could not be evaluated' }],
      });
    });

    it('denies if it is a built-in guardrail', () => {
      const decision = decide(request(), requester(), broken(facts(), 'nameAlphabet'), policySet([any]), now);
      expect(decision.outcome).toBe('denied');
      expect(decision.violations.map(({ source, reason }) => `${source} ${reason}`)).toContain(
        'built-in/name-grammar EvaluationFailed',
      );
    });

    it('does not permit if it is a policy, and leaves the others their say', () => {
      const failing = broken(policy('broken'), 'allowed');
      expect(decideRow({ policies: [failing] })).toMatchObject({
        outcome: 'denied',
        violations: [{ source: 'broken', reason: 'EvaluationFailed' }],
      });
      expect(decideRow({ policies: [failing, any] })).toMatchObject({ outcome: 'permitted', policy: 'any' });
    });

    it('tells nothing of the error', () => {
      const decision = decideRow({
        policies: [broken(policy('p'), 'allowed')],
        guardrails: [broken(guardrail('g'), 'match')],
      });
      expect(JSON.stringify(decision)).not.toContain('secret detail');
    });
  });
});
