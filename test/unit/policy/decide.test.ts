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

interface Row extends Given {
  /** `auto: <policy>` or `manual: <policy>`, or the reasons of all violations in order. */
  readonly then: string | readonly string[];
}

const decideRow = (row: Given): Decision =>
  decide(
    request(row.request),
    requester(row.requester),
    facts(row.facts),
    policySet(row.policies ?? [], row.guardrails),
    now,
  );

const any = policy('any');
const manual = (name: string, ...counts: number[]): Policy =>
  policy(name, { approval: { mode: 'manual', stages: counts.map((count) => ({ count })) } });

const table: Record<string, Record<string, Row>> = {
  'which policies apply': {
    'an empty set permits nothing': { then: ['NoPolicyApplies'] },
    'a policy without a selector applies to everything': { policies: [any], then: 'auto: any' },
    'a cluster glob that matches': {
      policies: [policy('p', { selector: { clusters: ['prod', 'dev-*'] } })],
      then: 'auto: p',
    },
    'a cluster glob that does not match': {
      policies: [policy('p', { selector: { clusters: ['prod-*'] } })],
      then: ['NoPolicyApplies'],
    },
    'an empty list of clusters': { policies: [policy('p', { selector: { clusters: [] } })], then: ['NoPolicyApplies'] },
    "the requester's name": {
      policies: [policy('p', { selector: { requesters: { names: ['hr-*'] } } })],
      then: 'auto: p',
    },
    'the name of another requester': {
      policies: [policy('p', { selector: { requesters: { names: ['HR-*', 'ci'] } } })],
      then: ['NoPolicyApplies'],
    },
    'one of several groups of the requester': {
      policies: [policy('p', { selector: { requesters: { groups: ['on*'] } } })],
      requester: { groups: ['staff', 'onboarding'] },
      then: 'auto: p',
    },
    'a requester without groups': {
      policies: [policy('p', { selector: { requesters: { groups: ['*'] } } })],
      requester: { groups: [] },
      then: ['NoPolicyApplies'],
    },
    'a role that the requester holds': {
      policies: [policy('p', { selector: { requesters: { roles: ['admin', 'requester'] } } })],
      then: 'auto: p',
    },
    'a role that the requester lacks': {
      policies: [policy('p', { selector: { requesters: { roles: ['admin'] } } })],
      then: ['NoPolicyApplies'],
    },
    'an empty list of roles': {
      policies: [policy('p', { selector: { requesters: { roles: [] } } })],
      then: ['NoPolicyApplies'],
    },
    'all fields must hold, not one of them': {
      policies: [policy('p', { selector: { requesters: { names: ['hr-*'], roles: ['admin'] } } })],
      then: ['NoPolicyApplies'],
    },
  },
  'who and which group': {
    'a username that a glob matches': {
      policies: [policy('p', { allowed: { usernames: ['j*e'] } })],
      then: 'auto: p',
    },
    'a username that no glob matches': {
      policies: [policy('p', { allowed: { usernames: ['*@corp.example'] } })],
      then: ['UsernameNotPermitted'],
    },
    'usernames left out: none is permitted': {
      policies: [policy('p', { allowed: {} })],
      then: ['UsernameNotPermitted'],
    },
    'usernames empty: none is permitted': {
      policies: [policy('p', { allowed: { usernames: [] } })],
      then: ['UsernameNotPermitted'],
    },
    'groups left out, none asked for': { policies: [policy('p', { allowed: { usernames: ['*'] } })], then: 'auto: p' },
    'groups left out, two asked for': {
      policies: [policy('p', { allowed: { usernames: ['*'] } })],
      request: { groups: ['dev', 'ops'] },
      then: ['GroupNotPermitted', 'GroupNotPermitted'],
    },
    'every group must match, not one of them': {
      policies: [policy('p', { allowed: { usernames: ['*'], groups: ['team-*'] } })],
      request: { groups: ['team-a', 'ops'] },
      then: ['GroupNotPermitted'],
    },
    'groups of several patterns': {
      policies: [policy('p', { allowed: { usernames: ['*'], groups: ['team-*', 'viewers'] } })],
      request: { groups: ['viewers', 'team-a'] },
      then: 'auto: p',
    },
    'two policies that permit half each permit nothing': {
      policies: [
        policy('a', { allowed: { usernames: ['*'], groups: ['a'] } }),
        policy('b', { allowed: { usernames: ['*'], groups: ['b'] } }),
      ],
      request: { groups: ['a', 'b'] },
      then: ['GroupNotPermitted', 'GroupNotPermitted'],
    },
    "one's own name": {
      policies: [policy('p', { allowed: { usernames: ['${requester.username}'] } })],
      requester: { name: 'jane' },
      then: 'auto: p',
    },
    "another's name": {
      policies: [policy('p', { allowed: { usernames: ['${requester.username}'] } })],
      requester: { name: 'june' },
      then: ['UsernameNotPermitted'],
    },
    'a requester whose name is a glob gains nothing': {
      policies: [policy('p', { allowed: { usernames: ['${requester.username}'] } })],
      requester: { name: '*' },
      then: ['UsernameNotPermitted'],
    },
    "a group with one's own name in it": {
      policies: [policy('p', { allowed: { usernames: ['*'], groups: ['ns-${requester.username}-*'] } })],
      request: { groups: ['ns-hr-portal-view'] },
      then: 'auto: p',
    },
  },
  'how long and which key': {
    'as long as the policy permits': {
      policies: [policy('p', { constraints: { maxExpirationSeconds: 3600 } })],
      request: { expirationSeconds: 3600 },
      then: 'auto: p',
    },
    'a second longer': {
      policies: [policy('p', { constraints: { maxExpirationSeconds: 3600 } })],
      request: { expirationSeconds: 3601 },
      then: ['ExpirationTooLong'],
    },
    'no lifetime asked for, whatever the maximum': {
      policies: [policy('p', { constraints: { maxExpirationSeconds: 600 } })],
      then: 'auto: p',
    },
    'no maximum': { policies: [any], request: { expirationSeconds: 2 ** 31 - 1 }, then: 'auto: any' },
    'a key algorithm on the list': {
      policies: [policy('p', { constraints: { keyAlgorithms: ['Ed25519', 'ECDSA-P256'] } })],
      then: 'auto: p',
    },
    'a key algorithm that is not': {
      policies: [policy('p', { constraints: { keyAlgorithms: ['Ed25519', 'RSA'] } })],
      then: ['KeyAlgorithmNotPermitted'],
    },
    'RSA stands for every size': {
      policies: [policy('p', { constraints: { keyAlgorithms: ['RSA'] } })],
      request: { keyAlgorithm: 'RSA-4096' },
      then: 'auto: p',
    },
    'one RSA size does not stand for another': {
      policies: [policy('p', { constraints: { keyAlgorithms: ['RSA-4096'] } })],
      request: { keyAlgorithm: 'RSA-2048' },
      then: ['KeyAlgorithmNotPermitted'],
    },
    'an RSA key that is too small': {
      policies: [policy('p', { constraints: { minRsaBits: 3072 } })],
      request: { keyAlgorithm: 'RSA-2048' },
      then: ['RsaKeyTooSmall'],
    },
    'an RSA key of the smallest size': {
      policies: [policy('p', { constraints: { minRsaBits: 3072 } })],
      request: { keyAlgorithm: 'RSA-3072' },
      then: 'auto: p',
    },
    'minRsaBits says nothing of other keys': {
      policies: [policy('p', { constraints: { minRsaBits: 4096 } })],
      then: 'auto: p',
    },
    'everything wrong at once': {
      policies: [
        policy('p', {
          allowed: { usernames: ['joe'] },
          constraints: { maxExpirationSeconds: 600, keyAlgorithms: ['Ed25519'], minRsaBits: 4096 },
        }),
      ],
      request: { groups: ['ops'], expirationSeconds: 601, keyAlgorithm: 'RSA-2048' },
      then: [
        'UsernameNotPermitted',
        'GroupNotPermitted',
        'ExpirationTooLong',
        'KeyAlgorithmNotPermitted',
        'RsaKeyTooSmall',
      ],
    },
  },
  'which approval': {
    'a person': { policies: [manual('m', 1)], then: 'manual: m' },
    'automatic before a person': { policies: [manual('a', 1), policy('z')], then: 'auto: z' },
    'one that does not permit demands nothing': {
      policies: [manual('m', 1), policy('z', { allowed: { usernames: ['joe'] } })],
      then: 'manual: m',
    },
    'fewest approvals': { policies: [manual('a', 3), manual('z', 1, 1)], then: 'manual: z' },
    'then fewest stages': { policies: [manual('a', 1, 1), manual('z', 2)], then: 'manual: z' },
    'then the name': { policies: [manual('b', 1), manual('a', 1)], then: 'manual: a' },
  },
  'built-in guardrails': {
    'system:masters even when a policy lists it': {
      policies: [policy('p', { allowed: { usernames: ['*'], groups: ['system:masters'] } })],
      request: { groups: ['system:masters'] },
      then: ['SystemGroup'],
    },
    'system:masters even when the cluster allows it': {
      policies: [any],
      request: { groups: ['system:masters'] },
      facts: { allowPrivilegedGroups: ['system:masters'] },
      then: ['SystemGroup'],
    },
    'system:nodes': { policies: [any], request: { groups: ['system:nodes'] }, then: ['SystemGroup'] },
    'a group that would be system:* to whoever folds case': {
      policies: [any],
      request: { groups: ['SYSTEM:Masters'] },
      then: ['SystemGroup'],
    },
    'a letter that folds to s': {
      policies: [any],
      request: { groups: ['\u017fystem:masters'] },
      facts: { nameAlphabet: 'unicode' },
      then: ['SystemGroup', 'NameNotAllowed'],
    },
    'system is a name like any other without its colon': {
      policies: [any],
      request: { username: 'system', groups: ['systems:x'] },
      then: 'auto: any',
    },
    'a component of the control plane': {
      policies: [any],
      request: { username: 'system:kube-controller-manager' },
      then: ['SystemName'],
    },
    'a node': {
      policies: [any],
      request: { username: 'system:node:worker-1', groups: ['system:nodes'] },
      then: ['SystemName', 'SystemGroup'],
    },
    'a service account': {
      policies: [any],
      request: { username: 'system:serviceaccount:kube-system:default' },
      then: ['SystemName'],
    },
    'kubeadm:cluster-admins': {
      policies: [any],
      request: { groups: ['kubeadm:cluster-admins'] },
      then: ['PrivilegedGroup'],
    },
    'kubeadm:cluster-admins where the cluster allows it': {
      policies: [any],
      request: { groups: ['kubeadm:cluster-admins'] },
      facts: { allowPrivilegedGroups: ['kubeadm:cluster-admins'] },
      then: 'auto: any',
    },
    'what the cluster allows, a policy must still permit': {
      policies: [policy('p', { allowed: { usernames: ['*'], groups: ['team-*'] } })],
      request: { groups: ['kubeadm:cluster-admins'] },
      facts: { allowPrivilegedGroups: ['kubeadm:cluster-admins'] },
      then: ['GroupNotPermitted'],
    },
    'what a cluster allows is a name and no pattern': {
      policies: [any],
      request: { groups: ['kubeadm:cluster-admins'] },
      facts: { allowPrivilegedGroups: ['kubeadm:*', 'Kubeadm:cluster-admins'] },
      then: ['PrivilegedGroup'],
    },
    'cluster-admins': { policies: [any], request: { groups: ['cluster-admins'] }, then: ['PrivilegedGroup'] },
    'an EKS component': {
      policies: [any],
      request: { username: 'eks:node-manager', groups: ['eks:kube-proxy-windows'] },
      then: ['PrivilegedUsername', 'PrivilegedGroup'],
    },
    'the aggregation proxy, who speaks for anybody': {
      policies: [any],
      request: { username: 'front-proxy-client' },
      then: ['PrivilegedUsername'],
    },
    'system:masters inside a CN string': {
      policies: [any],
      request: { username: 'jane,O=system:masters' },
      then: ['NameNotAllowed'],
    },
    'every name outside the grammar': {
      policies: [any],
      request: { username: '', groups: ['a\0b', 'a\u202eb', 'ok'] },
      then: ['NameNotAllowed', 'NameNotAllowed', 'NameNotAllowed'],
    },
    'letters of another script': { policies: [any], request: { username: 'jürgen' }, then: ['NameNotAllowed'] },
    'letters of another script where the cluster allows them': {
      policies: [any],
      request: { username: 'jürgen' },
      facts: { nameAlphabet: 'unicode' },
      then: 'auto: any',
    },
    '32 groups': {
      policies: [any],
      request: { groups: Array.from({ length: 32 }, (_, i) => `g${i}`) },
      then: 'auto: any',
    },
    '33 groups': {
      policies: [any],
      request: { groups: Array.from({ length: 33 }, (_, i) => `g${i}`) },
      then: ['TooManyGroups'],
    },
    'a group three times': { policies: [any], request: { groups: ['a', 'b', 'a', 'a'] }, then: ['DuplicateGroup'] },
    'with guardrails, the objections of policies that do not permit either': {
      policies: [policy('p', { allowed: { usernames: ['joe'] } })],
      request: { groups: ['system:masters'] },
      then: ['SystemGroup', 'UsernameNotPermitted', 'GroupNotPermitted'],
    },
    'with guardrails, that no policy applies': {
      request: { username: 'system:x' },
      then: ['SystemName', 'NoPolicyApplies'],
    },
  },
  'guardrails from files': {
    'without match denies whatever it selects': {
      policies: [any],
      guardrails: [guardrail('g')],
      then: ['DeniedByGuardrail'],
    },
    'denies nothing that it does not select': {
      policies: [any],
      guardrails: [guardrail('g', { selector: { clusters: ['prod-*'] } })],
      then: 'auto: any',
    },
    'any one group that matches denies': {
      policies: [any],
      guardrails: [guardrail('g', { match: { usernames: [], groups: ['team-prod'] } })],
      request: { groups: ['team-a', 'team-prod'] },
      then: ['DeniedByGuardrail'],
    },
    'a username that matches denies': {
      policies: [any],
      guardrails: [guardrail('g', { match: { usernames: ['j*'] } })],
      then: ['DeniedByGuardrail'],
    },
    'nothing that matches': {
      policies: [any],
      guardrails: [guardrail('g', { match: { usernames: ['joe'], groups: ['*'] } })],
      then: 'auto: any',
    },
    'all that deny are told': {
      policies: [any],
      guardrails: [guardrail('g', { match: { groups: ['a', 'b'] } }), guardrail('h')],
      request: { groups: ['a', 'b'] },
      then: ['DeniedByGuardrail', 'DeniedByGuardrail', 'DeniedByGuardrail'],
    },
    "the requester's own name": {
      policies: [any],
      guardrails: [guardrail('g', { match: { usernames: ['${requester.username}'] } })],
      request: { username: 'hr-portal' },
      then: ['DeniedByGuardrail'],
    },
  },
};

describe.each(Object.entries(table))('decide: %s', (_, rows) => {
  it.each(Object.entries(rows))('%s', (_name, row) => {
    const decision = decideRow(row);
    const found =
      decision.outcome === 'permitted'
        ? `${decision.approval}: ${decision.policy}`
        : decision.violations.map(({ reason }) => reason);
    expect(found).toEqual(row.then);
  });
});

describe('decide', () => {
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
    const long = policy('a', { constraints: { maxExpirationSeconds: 80_000 }, approval: manual('m', 1).approval });
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
        { check: 'allowed.groups', passed: false, expected: 'each any of "a", "b"', found: '"b", "c"' },
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
      const decision = decide(broken(request(), 'groups'), requester(), facts(), policySet([any]), now);
      expect(decision.outcome).toBe('denied');
      expect(decision.violations.map(({ source, reason }) => `${source} ${reason}`)).toContain(
        'built-in/system-names EvaluationFailed',
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
