// Tests src/policy/decide.ts, src/policy/evaluate-policy.ts, src/policy/compare-decisions.ts
import { describe, expect, it } from 'vitest';
import type { RenewalFacts } from '../../../src/model/decision.js';
import type { Role } from '../../../src/model/principal.js';
import { parsePolicySet } from '../../../src/policy/parse-policy-set.js';
import type { Policy, RequestToDecide } from '../../../src/policy/policy-set.js';
import { Replayer } from '../../../src/policy/compare-decisions.js';
import { decide, recordedDecision } from '../../../src/policy/decide.js';
import { isRenewableAfter } from '../../../src/policy/evaluate-policy.js';
import { facts, guardrail, now, policy, policySet, request, requester, usage } from './builders.js';

const hour = 3600;
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();

const renewal = (over: Partial<RenewalFacts> = {}): RenewalFacts => ({
  of: 'ab'.repeat(32),
  generation: 1,
  approvedAt: before(hour),
  approvedSeconds: 86_400,
  approvedBy: ['bob'],
  notAfter: before(-hour),
  expiredSeconds: 0,
  revoked: false,
  ...over,
});

const lasting = policy('lasting', {
  approval: { mode: 'manual' },
  renewal: { approval: 'auto', withinSeconds: 2 * hour },
});

function decided(
  over: Partial<RenewalFacts> | null,
  policies: readonly Policy[] = [lasting],
  ask: Partial<RequestToDecide> = {},
  live = 1,
) {
  const known = over === null ? {} : { renewal: renewal(over), usage: usage({ livePerLineage: live }) };
  return decide(request(ask), requester(), facts(known), policySet(policies), now);
}

const reasons = (decision: ReturnType<typeof decided>) => decision.violations.map(({ reason }) => reason);

describe('an approval that counts for renewals', () => {
  it.each<[string, Partial<RenewalFacts> | null, Partial<RequestToDecide>, 'auto' | 'manual']>([
    ['recent', {}, {}, 'auto'],
    ['as old as the policy permits', { approvedAt: before(2 * hour) }, {}, 'auto'],
    ['too old', { approvedAt: before(2 * hour + 1) }, {}, 'manual'],
    ['none', { approvedAt: null, approvedSeconds: null, approvedBy: [] }, {}, 'manual'],
    ['for a shorter lifetime', { approvedSeconds: hour }, { expirationSeconds: hour + 1 }, 'manual'],
    ['for a shorter lifetime than the default', { approvedSeconds: hour }, {}, 'manual'],
    ['for this lifetime', { approvedSeconds: hour }, { expirationSeconds: hour }, 'auto'],
    ['of a request that renews nothing', null, {}, 'manual'],
  ])('%s', (_what, over, ask, approval) => {
    expect(decided(over, [lasting], ask)).toMatchObject({ outcome: 'permitted', approval });
  });

  it('counts under no policy that does not say so', () => {
    const plain = policy('plain', { approval: { mode: 'manual' }, renewal: { approval: 'same' } });
    expect(decided({}, [plain])).toMatchObject({ approval: 'manual' });
  });

  it('does not replace that of a guardrail', () => {
    const looks = guardrail('looks', { approval: { stages: [{ count: 1 }] } });
    const known = facts({ renewal: renewal(), usage: usage({ livePerLineage: 1 }) });
    const decision = decide(request(), requester(), known, policySet([lasting], [looks]), now);
    expect(decision).toMatchObject({ approval: 'manual', stages: [{ count: 1 }] });
  });
});

describe('the lifetime of a renewal that names none', () => {
  const auto = policy('auto', { constraints: { maxExpirationSeconds: 24 * hour } });
  const byHand = policy('by-hand', {
    constraints: { maxExpirationSeconds: 240 * hour },
    approval: { mode: 'manual' },
  });

  it('is that of the renewed certificate', () => {
    expect(decided({ expirationSeconds: hour }, [auto]).outcome).toBe('permitted');
    for (const seconds of [600, hour, 24 * hour])
      expect(decided({ expirationSeconds: seconds }, [auto])).toMatchObject({ expirationSeconds: seconds });
    expect(decided({ expirationSeconds: 100 * hour }, [byHand])).toMatchObject({ expirationSeconds: 100 * hour });
  });

  it('is at most what policy permits today, and no reason to deny', () => {
    expect(decided({ expirationSeconds: 24 * hour + 1 }, [auto])).toMatchObject({
      outcome: 'permitted',
      expirationSeconds: 24 * hour,
    });
  });

  it('is what was asked for where the caller asks, which is denied if it is too long', () => {
    const long = { expirationSeconds: 25 * hour };
    expect(decided({ expirationSeconds: hour }, [auto], { expirationSeconds: 2 * hour })).toMatchObject({
      expirationSeconds: 2 * hour,
    });
    expect(reasons(decided({ expirationSeconds: hour }, [auto], long))).toEqual(['ExpirationTooLong']);
  });

  it('is the default of the policy where it was not recorded', () => {
    expect(decided({}, [byHand])).toMatchObject({ expirationSeconds: 24 * hour });
  });

  it('is the whole one where a policy permits it, although another one would ask nobody for a shorter one', () => {
    expect(decided({ expirationSeconds: 100 * hour }, [auto, byHand])).toMatchObject({
      policy: 'by-hand',
      approval: 'manual',
      expirationSeconds: 100 * hour,
    });
    expect(decided({ expirationSeconds: hour }, [byHand, auto])).toMatchObject({ policy: 'auto', approval: 'auto' });
    expect(decided({ expirationSeconds: 1000 * hour }, [byHand, auto])).toMatchObject({
      policy: 'auto',
      expirationSeconds: 24 * hour,
    });
  });

  it('is what expressions of policies and guardrails see', () => {
    const short = guardrail('short', {
      matchConditions: [{ name: 'long', expression: `request.expirationSeconds > ${8 * hour}` }],
    });
    const known = (seconds: number) =>
      facts({ renewal: renewal({ expirationSeconds: seconds }), usage: usage({ livePerLineage: 1 }) });
    const outcome = (seconds: number) =>
      decide(request(), requester(), known(seconds), policySet([auto], [short]), now).outcome;
    expect([outcome(8 * hour), outcome(8 * hour + 1)]).toEqual(['permitted', 'denied']);
    const expression = 'request.expirationSeconds <= 7200';
    const checking = policy('checking', {
      constraints: { maxExpirationSeconds: 3 * hour },
      validations: [{ expression }],
    });
    expect(decided({ expirationSeconds: 2 * hour }, [checking]).outcome).toBe('permitted');
    expect(reasons(decided({ expirationSeconds: 4 * hour }, [checking]))).toEqual(['ValidationFailed']);
  });

  it('counts for an approval that was given to the renewed one', () => {
    expect(decided({ approvedSeconds: hour, expirationSeconds: hour })).toMatchObject({
      approval: 'auto',
      expirationSeconds: hour,
    });
    expect(decided({ approvedSeconds: hour, expirationSeconds: 2 * hour })).toMatchObject({ approval: 'manual' });
  });
});

describe('the collector of a renewal', () => {
  const asked = (roles: readonly Role[], collector: string, policies: readonly Policy[], isRenewal = true) => {
    const known = isRenewal ? { renewal: renewal(), usage: usage({ livePerLineage: 1 }) } : {};
    const by = requester({ name: 'root', roles });
    return reasons(decide(request({ collector }), by, facts(known), policySet(policies), now));
  };
  const own = policy('own');
  const listed = (...collectors: string[]) =>
    policy('listed', { allowed: { usernames: ['*'], groups: ['*'], collectors } });

  it('may be somebody else where an admin asks, and not where another one does, or for a first certificate', () => {
    expect(asked(['admin'], 'alice', [own])).toEqual([]);
    expect(asked(['admin'], 'root', [own])).toEqual([]);
    expect(asked(['requester', 'provisioner'], 'alice', [own])).toEqual(['CollectorNotPermitted']);
    expect(asked(['admin'], 'alice', [own], false)).toEqual(['CollectorNotPermitted']);
  });

  it('is one of those that the policy names, as if the collector had asked', () => {
    expect(asked(['admin'], 'alice', [listed('alice')])).toEqual([]);
    expect(asked(['admin'], 'alice', [listed('${requester.username}')])).toEqual([]);
    expect(asked(['admin'], 'alice', [listed('${requester.username}')], false)).toEqual(['CollectorNotPermitted']);
    expect(asked(['admin'], 'alice', [listed('hr-*', 'root')])).toEqual(['CollectorNotPermitted']);
  });
});

describe('a renewal', () => {
  it('is denied for a revoked certificate and for a long lineage, whatever policies say, with all violations', () => {
    expect(reasons(decided({ revoked: true }, [policy('any')], {}, 3))).toEqual(['RenewalOfRevoked', 'LineageTooLong']);
    expect(decided({}, [policy('any')], {}, 2).outcome).toBe('permitted');
  });

  it('is denied where its lineage was not counted', () => {
    const decision = decide(request(), requester(), facts({ renewal: renewal() }), policySet([policy('any')]), now);
    expect(reasons(decision)).toEqual(['EvaluationFailed']);
  });

  it('is permitted after the end of the certificate for as long as the policy says', () => {
    const late = policy('late', { renewal: { afterExpirySeconds: 60 } });
    expect(decided({ expiredSeconds: 60 }, [late]).outcome).toBe('permitted');
    expect(reasons(decided({ expiredSeconds: 61 }, [late]))).toEqual(['RenewalTooLate']);
    expect(reasons(decided({ expiredSeconds: 1 }, [policy('never')]))).toEqual(['RenewalTooLate']);
    const elsewhere = policy('elsewhere', { selector: { clusters: ['prod'] }, renewal: { afterExpirySeconds: 9999 } });
    const renewable = (seconds: number) =>
      isRenewableAfter(policySet([late, elsewhere]), 'dev-eu', requester(), seconds);
    expect([0, 60, 61].map(renewable)).toEqual([true, true, false]);
  });

  it('is known to expressions, which need no `has` where nothing is renewed', () => {
    const expression =
      'renewal.generation == 0 ? renewal.of == "" && now - renewal.approvedAt > duration("9000h") && ' +
      'renewal.notAfter < now : renewal.generation == 1 && renewal.of.startsWith("abab") && ' +
      'renewal.notAfter > now && now - renewal.approvedAt < duration("61m")';
    const checking = policy('checking', { validations: [{ expression }] });
    expect(decided(null, [checking]).outcome).toBe('permitted');
    expect(decided({}, [checking]).outcome).toBe('permitted');
    expect(reasons(decided({ generation: 2 }, [checking]))).toEqual(['ValidationFailed']);
  });

  it('is replayed with what was known then', () => {
    const known = facts({ renewal: renewal(), usage: usage({ livePerLineage: 1 }) });
    const was = decide(request(), requester(), known, policySet([lasting]), now);
    const decision = recordedDecision(was, request(), known, policySet([lasting]), now);
    const recorded = {
      ...request(),
      id: '1',
      cluster: 'dev-eu',
      requester: requester(),
      expirationSeconds: 86_400,
      decision,
    };
    expect(new Replayer(policySet([lasting])).replay(recorded)).toEqual({ kind: 'unchanged' });
    const shorter = policy('lasting', {
      approval: { mode: 'manual' },
      renewal: { approval: 'auto', withinSeconds: 1800 },
    });
    expect(new Replayer(policySet([shorter])).replay(recorded)).toMatchObject({
      kind: 'changed',
      changes: ['approvalChanged'],
    });
  });
});

it.each([
  ['{ approval: auto }', '/spec/renewal/withinSeconds: is missing: it says how long an approval lasts'],
  ['{ withinSeconds: 3600 }', '/spec/renewal/withinSeconds: needs `approval: auto`'],
  ['{ approval: sometimes }', '/spec/renewal/approval: must be one of same, auto'],
  ['{ afterExpirySeconds: -1 }', '/spec/renewal/afterExpirySeconds: must be >= 0'],
])('a policy does not load with renewal %s', (written, error) => {
  const text = `apiVersion: kubepass/v1
kind: Policy
metadata: { name: one }
spec:
  selector: {}
  allowed: { usernames: ['*'] }
  approval: { mode: manual }
  renewal: ${written}
`;
  const parsed = parsePolicySet([{ path: 'test.yaml', text }]);
  expect(parsed).toEqual({ ok: false, errors: [expect.stringMatching(/^test\.yaml:8:\d+: /)] });
  expect(parsed).toMatchObject({ errors: [expect.stringContaining(error)] });
});
