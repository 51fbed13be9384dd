// Tests src/policy/decide.ts, src/policy/built-in-guardrails.ts, src/policy/evaluate-guardrail.ts,
// src/policy/evaluate-policy.ts, src/policy/evaluation.ts
import { describe, expect, it } from 'vitest';
import type { Decision, DecisionFacts } from '../../../src/model/decision.js';
import type { Requester } from '../../../src/model/principal.js';
import { decide } from '../../../src/policy/decide.js';
import type { Guardrail, Policy, RequestToDecide } from '../../../src/policy/policy-set.js';
import { blastRadius, facts, guardrail, now, policy, policySet, request, requester, usage } from './builders.js';

interface Given {
  readonly policies?: readonly Policy[];
  readonly guardrails?: readonly Guardrail[];
  readonly request?: Partial<RequestToDecide>;
  readonly requester?: Partial<Requester>;
  readonly facts?: Partial<DecisionFacts>;
  readonly now?: string;
}

/** Omitted values are as in `builders.ts`: hr-portal asks for jane without groups on cluster dev-eu. */
interface Row extends Given {
  /**
   * `auto: <policy>`, or `manual: <policy>` and how many must approve, stage by stage; or the reasons of all violations
   * in order.
   */
  readonly then: string | readonly string[];
}

function decideRow(row: Given): Decision {
  const asking = requester(row.requester);
  return decide(
    request({ collector: asking.name, ...row.request }),
    asking,
    facts(row.facts),
    policySet(row.policies ?? [], row.guardrails),
    row.now === undefined ? now : new Date(row.now),
  );
}

const any = policy('any');
const manual = (name: string, ...counts: number[]): Policy =>
  policy(name, { approval: { mode: 'manual', stages: counts.map((count) => ({ count })) } });

const office = policy('p', {
  constraints: {
    hours: { timeZone: 'Europe/Berlin', weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], from: '08:00', to: '18:00' },
  },
});
const nightShift = policy('p', {
  constraints: { hours: { timeZone: 'Europe/Berlin', weekdays: ['Fri'], from: '22:00', to: '06:00' } },
});
const campaign = policy('p', {
  constraints: { notBefore: '2026-03-01T00:00:00Z', notAfter: '2026-03-31T23:59:59+02:00' },
});
const valid = (expression: string) => policy('p', { validations: [{ expression }] });
const leads = { groups: ['leads'] };
const security = { groups: ['security'] };
const asksFor = (...stages: { count?: number; approvers?: { groups: string[] } }[]) =>
  guardrail('g', { approval: { stages } });
const certificate = {
  groups: ['viewers'],
  notBefore: '2026-01-02T00:00:00Z',
  notAfter: '2026-01-03T00:00:00Z',
  serialNumber: '0a',
  keyAlgorithm: 'ECDSA-P256',
};
const innocent = { kind: 'ClusterRoleBinding', name: 'innocent-name', namespace: null } as const;
const inTeamA = { kind: 'RoleBinding', name: 'read-all', namespace: 'team-a' } as const;
const noAdmins = guardrail('g', { resolvesTo: ['ClusterAdmin'] });

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
    'a label that a glob matches': {
      policies: [policy('p', { selector: { labels: { team: ['pay*', 'x'] } } })],
      request: { labels: { team: 'payments', other: '' } },
      then: 'auto: p',
    },
    'a label with another value': {
      policies: [policy('p', { selector: { labels: { team: ['pay'] } } })],
      request: { labels: { team: 'payments' } },
      then: ['NoPolicyApplies'],
    },
    'a label that the request does not have': {
      policies: [policy('p', { selector: { labels: { team: ['*'] } } })],
      then: ['NoPolicyApplies'],
    },
    'a label with the name of something that every object has': {
      policies: [policy('p', { selector: { labels: { constructor: ['*'] } } })],
      then: ['NoPolicyApplies'],
    },
    'an empty label': {
      policies: [policy('p', { selector: { labels: { team: ['*'] } } })],
      request: { labels: { team: '' } },
      then: 'auto: p',
    },
    'an empty list of a label': {
      policies: [policy('p', { selector: { labels: { team: [] } } })],
      request: { labels: { team: 'payments' } },
      then: ['NoPolicyApplies'],
    },
    'all labels must match': {
      policies: [policy('p', { selector: { labels: { team: ['*'], env: ['prod'] } } })],
      request: { labels: { team: 'payments', env: 'dev' } },
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
  'who collects': {
    'collectors left out: the requester collects': { policies: [any], then: 'auto: any' },
    'collectors left out: nobody else does': {
      policies: [any],
      request: { collector: 'jane' },
      then: ['CollectorNotPermitted'],
    },
    'a collector that a glob matches': {
      policies: [policy('p', { allowed: { usernames: ['*'], collectors: ['j*'] } })],
      request: { collector: 'jane' },
      then: 'auto: p',
    },
    'a collector that no glob matches': {
      policies: [policy('p', { allowed: { usernames: ['*'], collectors: ['j*'] } })],
      request: { collector: 'bob' },
      then: ['CollectorNotPermitted'],
    },
    'where collectors are listed, the requester is one only by being listed': {
      policies: [policy('p', { allowed: { usernames: ['*'], collectors: ['j*'] } })],
      then: ['CollectorNotPermitted'],
    },
    'the requester, listed': {
      policies: [policy('p', { allowed: { usernames: ['*'], collectors: ['j*', '${requester.username}'] } })],
      then: 'auto: p',
    },
    'a requester whose name is a glob lists nobody but itself': {
      policies: [policy('p', { allowed: { usernames: ['*'], collectors: ['${requester.username}'] } })],
      requester: { name: '*' },
      request: { collector: 'bob' },
      then: ['CollectorNotPermitted'],
    },
    'whoever the certificate names, by an expression': {
      policies: [
        policy('p', {
          allowed: { usernames: ['*'], collectors: ['*'] },
          validations: [{ expression: 'request.collector == request.username' }],
        }),
      ],
      request: { collector: 'jane' },
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
    'as short as the policy asks for': {
      policies: [policy('p', { constraints: { minExpirationSeconds: 3600 } })],
      request: { expirationSeconds: 3600 },
      then: 'auto: p',
    },
    'a second shorter': {
      policies: [policy('p', { constraints: { minExpirationSeconds: 3600 } })],
      request: { expirationSeconds: 3599 },
      then: ['ExpirationTooShort'],
    },
    'no lifetime asked for where the shortest is longer than a day': {
      policies: [policy('p', { constraints: { minExpirationSeconds: 90_000 } })],
      then: ['ExpirationTooShort'],
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
  why: {
    'a reason, where any will do': {
      policies: [policy('p', { constraints: { reason: {} } })],
      request: { reason: 'on call' },
      then: 'auto: p',
    },
    'no reason': { policies: [policy('p', { constraints: { reason: {} } })], then: ['ReasonRequired'] },
    'a reason of blanks': {
      policies: [policy('p', { constraints: { reason: {} } })],
      request: { reason: ' \t\n' },
      then: ['ReasonRequired'],
    },
    'a ticket number': {
      policies: [policy('p', { constraints: { reason: { pattern: '(INC|CHG)-[0-9]{4,8}' } } })],
      request: { reason: 'CHG-12345' },
      then: 'auto: p',
    },
    'a ticket number and more': {
      policies: [policy('p', { constraints: { reason: { pattern: '(INC|CHG)-[0-9]{4,8}' } } })],
      request: { reason: 'CHG-12345 or so' },
      then: ['ReasonNotAccepted'],
    },
    'a ticket number on a line of its own': {
      policies: [policy('p', { constraints: { reason: { pattern: '(INC|CHG)-[0-9]{4,8}' } } })],
      request: { reason: 'CHG-12345\n' },
      then: ['ReasonNotAccepted'],
    },
    'no reason where a pattern asks for one': {
      policies: [policy('p', { constraints: { reason: { pattern: 'a*' } } })],
      then: ['ReasonRequired'],
    },
    'a reason that nobody asked for': { policies: [any], request: { reason: 'because' }, then: 'auto: any' },
  },
  when: {
    'a Friday morning': { policies: [office], now: '2026-01-02T07:00:00Z', then: 'auto: p' },
    'a minute early': { policies: [office], now: '2026-01-02T06:59:59Z', then: ['OutsideHours'] },
    'a second before the end': { policies: [office], now: '2026-01-02T16:59:59Z', then: 'auto: p' },
    'the end itself': { policies: [office], now: '2026-01-02T17:00:00Z', then: ['OutsideHours'] },
    'a Saturday': { policies: [office], now: '2026-01-03T11:00:00Z', then: ['OutsideHours'] },
    'summer time: an hour earlier in UTC': { policies: [office], now: '2026-07-03T06:00:00Z', then: 'auto: p' },
    'summer time: no longer where winter still would': {
      policies: [office],
      now: '2026-07-03T16:30:00Z',
      then: ['OutsideHours'],
    },
    'a Friday in UTC that is a Saturday there': {
      policies: [policy('p', { constraints: { hours: { timeZone: 'Pacific/Auckland', weekdays: ['Sat'] } } })],
      now: '2026-01-02T12:00:00Z',
      then: 'auto: p',
    },
    'the night that begins on Friday': { policies: [nightShift], now: '2026-01-02T21:30:00Z', then: 'auto: p' },
    'and goes on into Saturday': { policies: [nightShift], now: '2026-01-03T04:59:00Z', then: 'auto: p' },
    'the night before': { policies: [nightShift], now: '2026-01-02T04:00:00Z', then: ['OutsideHours'] },
    'the night after': { policies: [nightShift], now: '2026-01-03T21:30:00Z', then: ['OutsideHours'] },
    'a policy that does not apply yet': {
      policies: [campaign],
      now: '2026-02-28T23:59:59Z',
      then: ['NoPolicyApplies'],
    },
    'a policy on its first day': { policies: [campaign], now: '2026-03-01T00:00:00Z', then: 'auto: p' },
    'a policy at its last instant': { policies: [campaign], now: '2026-03-31T21:59:59Z', then: 'auto: p' },
    'a policy that no longer applies': {
      policies: [campaign],
      now: '2026-03-31T22:00:00Z',
      then: ['NoPolicyApplies'],
    },
  },
  expressions: {
    'one that is true': { policies: [valid('request.username.startsWith("j")')], then: 'auto: p' },
    'one that is false': { policies: [valid('request.username.startsWith("k")')], then: ['ValidationFailed'] },
    'all must be true, and each that is not is told': {
      policies: [
        policy('p', {
          validations: [{ expression: 'false' }, { expression: 'true' }, { expression: 'request.groups.size() > 0' }],
        }),
      ],
      then: ['ValidationFailed', 'ValidationFailed'],
    },
    'of each group': {
      policies: [valid('request.groups.all(g, g == request.cluster + "-viewers")')],
      request: { groups: ['dev-eu-viewers'] },
      then: 'auto: p',
    },
    'of the requester': {
      policies: [valid('"onboarding" in requester.groups && "requester" in requester.roles')],
      then: 'auto: p',
    },
    'of the lifetime, which is the default where none is asked for': {
      policies: [
        policy('p', {
          constraints: { maxExpirationSeconds: 7200 },
          validations: [{ expression: 'request.expirationSeconds == 7200' }],
        }),
      ],
      then: 'auto: p',
    },
    'of what is absent, which is an empty text': {
      policies: [valid('request.reason == "" && request.namespace == ""')],
      then: 'auto: p',
    },
    'of the time': { policies: [valid('now < timestamp("2026-01-02T03:04:06Z")')], then: 'auto: p' },
    'of the identity’s certificates': {
      policies: [valid('active.all(c, !("admins" in c.groups)) && active.exists(c, c.notAfter > now)')],
      facts: { active: [certificate] },
      then: 'auto: p',
    },
    'of certificates that were not looked up': {
      policies: [valid('active.size() == 0')],
      then: ['EvaluationFailed'],
    },
    'one that fails': {
      policies: [valid('request.groups[0] == "a"')],
      then: ['EvaluationFailed'],
    },
    'one that fails, where another policy permits': {
      policies: [valid('request.groups[0] == "a"'), policy('q')],
      then: 'auto: q',
    },
  },
  quotas: {
    'one more than none': {
      policies: [policy('p', { quota: { livePerUsername: 1 } })],
      facts: { usage: usage() },
      then: 'auto: p',
    },
    'one more than are permitted': {
      policies: [policy('p', { quota: { livePerUsername: 3 } })],
      facts: { usage: usage({ livePerUsername: 3 }) },
      then: ['QuotaExceeded'],
    },
    'each group for itself': {
      policies: [policy('p', { quota: { livePerGroup: 2 } })],
      request: { groups: ['a', 'b', 'c'] },
      facts: { usage: usage({ livePerGroup: { a: 2, b: 1, c: 5 } }) },
      then: ['QuotaExceeded', 'QuotaExceeded'],
    },
    'what a requester asked for, and what it got within an hour': {
      policies: [policy('p', { quota: { livePerRequester: 10, issuancesPerHour: 5 } })],
      facts: { usage: usage({ livePerRequester: 10, issuancesPerHour: 5 }) },
      then: ['QuotaExceeded', 'QuotaExceeded'],
    },
    'a bound of another policy is none of this one': {
      policies: [policy('p', { quota: { livePerUsername: 1 } }), manual('q', 1)],
      facts: { usage: usage({ livePerUsername: 1 }) },
      then: 'manual: q 1',
    },
    'usage that was not looked up': {
      policies: [policy('p', { quota: { issuancesPerHour: 5 } })],
      then: ['EvaluationFailed'],
    },
    'usage of a group that was not looked up': {
      policies: [policy('p', { quota: { livePerGroup: 2 } })],
      request: { groups: ['toString'] },
      facts: { usage: usage() },
      then: ['EvaluationFailed'],
    },
  },
  'which approval': {
    'a person': { policies: [manual('m', 1)], then: 'manual: m 1' },
    'automatic before a person': { policies: [manual('a', 1), policy('z')], then: 'auto: z' },
    'one that does not permit demands nothing': {
      policies: [manual('m', 1), policy('z', { allowed: { usernames: ['joe'] } })],
      then: 'manual: m 1',
    },
    'fewest approvals': { policies: [manual('a', 3), manual('z', 1, 1)], then: 'manual: z 1+1' },
    'then fewest stages': { policies: [manual('a', 1, 1), manual('z', 2)], then: 'manual: z 2' },
    'then the name': { policies: [manual('b', 1), manual('a', 1)], then: 'manual: a 1' },
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
    'privileged names as usernames, in any case': {
      policies: [any],
      request: { username: 'Cluster-Admin', groups: [] },
      then: ['PrivilegedUsername'],
    },
    'privileged names as groups, in any case': {
      policies: [any],
      request: { groups: ['front-proxy-client', 'CLUSTER-ADMIN', 'Front-Proxy-Client', 'EKS:x', 'ok'] },
      then: ['PrivilegedGroup', 'PrivilegedGroup', 'PrivilegedGroup', 'PrivilegedGroup'],
    },
    'a name that folds to a privileged one where the cluster allows other scripts': {
      policies: [any],
      request: { username: 'clu\u017fter-admins', groups: ['\u212aubeadm:x'] },
      facts: { nameAlphabet: 'unicode' },
      then: ['PrivilegedUsername', 'PrivilegedGroup', 'NameNotAllowed', 'NameNotAllowed'],
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
    'all conditions hold': {
      policies: [any],
      guardrails: [
        guardrail('g', {
          match: { groups: ['ops'] },
          matchConditions: [{ name: 'long', expression: 'request.expirationSeconds > 3600' }],
        }),
      ],
      request: { groups: ['ops'], expirationSeconds: 3601 },
      then: ['DeniedByGuardrail'],
    },
    'one condition does not hold': {
      policies: [any],
      guardrails: [
        guardrail('g', {
          match: { groups: ['ops'] },
          matchConditions: [{ name: 'long', expression: 'request.expirationSeconds > 3600' }],
        }),
      ],
      request: { groups: ['ops'], expirationSeconds: 3600 },
      then: 'auto: any',
    },
    'a lifetime that is left to policy may be a day': {
      policies: [policy('p', { constraints: { maxExpirationSeconds: 700 } })],
      guardrails: [
        guardrail('g', { matchConditions: [{ name: 'long', expression: 'request.expirationSeconds > 3600' }] }),
      ],
      then: ['DeniedByGuardrail'],
    },
    'a condition that cannot be evaluated denies': {
      policies: [any],
      guardrails: [guardrail('g', { matchConditions: [{ name: 'c', expression: 'request.groups[0] == "a"' }] })],
      then: ['EvaluationFailed'],
    },
    'unless another does not hold': {
      policies: [any],
      guardrails: [
        guardrail('g', {
          matchConditions: [
            { name: 'c', expression: 'request.groups[0] == "a"' },
            { name: 'd', expression: 'request.cluster == "prod"' },
          ],
        }),
      ],
      then: 'auto: any',
    },
    'a condition of certificates that were not looked up denies': {
      policies: [any],
      guardrails: [guardrail('g', { matchConditions: [{ name: 'c', expression: 'active.size() > 99' }] })],
      then: ['EvaluationFailed'],
    },
    "the requester's own name": {
      policies: [any],
      guardrails: [guardrail('g', { match: { usernames: ['${requester.username}'] } })],
      request: { username: 'hr-portal' },
      then: ['DeniedByGuardrail'],
    },
  },
  'guardrails that ask what a name resolves to': {
    'cluster-admin by an innocent name': {
      policies: [any],
      guardrails: [noAdmins],
      request: { groups: ['viewers'] },
      facts: { blastRadius: blastRadius({ clusterAdmin: [innocent] }) },
      then: ['DeniedByGuardrail'],
    },
    'every binding is told': {
      policies: [any],
      guardrails: [noAdmins],
      facts: { blastRadius: blastRadius({ clusterAdmin: [innocent, { ...innocent, name: 'another' }] }) },
      then: ['DeniedByGuardrail', 'DeniedByGuardrail'],
    },
    'nothing of the kind': {
      policies: [any],
      guardrails: [noAdmins],
      facts: { blastRadius: blastRadius({ escalations: [{ kind: 'ReadSecrets', by: inTeamA }] }) },
      then: 'auto: any',
    },
    'a way to more than is granted': {
      policies: [any],
      guardrails: [guardrail('g', { resolvesTo: ['ClusterAdmin', 'ReadSecrets'] })],
      facts: { blastRadius: blastRadius({ escalations: [{ kind: 'ReadSecrets', by: inTeamA }] }) },
      then: ['DeniedByGuardrail'],
    },
    'a cluster that cannot be read': {
      policies: [any],
      guardrails: [noAdmins],
      facts: { blastRadius: null },
      then: ['BlastRadiusUnknown'],
    },
    'bindings that were not looked up': { policies: [any], guardrails: [noAdmins], then: ['EvaluationFailed'] },
    'bindings that cannot be read, where the guardrail is about other groups': {
      policies: [any],
      guardrails: [guardrail('g', { match: { groups: ['ops'] }, resolvesTo: ['ClusterAdmin'] })],
      facts: { blastRadius: null },
      then: 'auto: any',
    },
    'bindings that cannot be read, on a cluster that it does not select': {
      policies: [any],
      guardrails: [guardrail('g', { selector: { clusters: ['prod'] }, resolvesTo: ['ClusterAdmin'] })],
      then: 'auto: any',
    },
  },
  'guardrails that ask for approval': {
    'a policy that would have approved at once': {
      policies: [any],
      guardrails: [asksFor({ count: 2, approvers: leads })],
      then: 'manual: any 2',
    },
    'where the guardrail does not apply': {
      policies: [any],
      guardrails: [guardrail('g', { match: { groups: ['ops'] }, approval: { stages: [{}] } })],
      then: 'auto: any',
    },
    'a policy that asks for as much already': {
      policies: [policy('p', { approval: { mode: 'manual', stages: [{ count: 3, approvers: leads }] } })],
      guardrails: [asksFor({ count: 2, approvers: leads })],
      then: 'manual: p 3',
    },
    'a policy that asks the same people for less': {
      policies: [
        policy('p', { approval: { mode: 'manual', stages: [{ approvers: security }, { approvers: leads }] } }),
      ],
      guardrails: [asksFor({ count: 2, approvers: leads })],
      then: 'manual: p 1+2',
    },
    'a policy that asks other people': {
      policies: [policy('p', { approval: { mode: 'manual', stages: [{ count: 2, approvers: security }] } })],
      guardrails: [asksFor({ approvers: leads })],
      then: 'manual: p 1+2',
    },
    'anybody: whoever approves counts': {
      policies: [policy('p', { approval: { mode: 'manual', stages: [{ approvers: security }] } })],
      guardrails: [asksFor({ count: 1 })],
      then: 'manual: p 1',
    },
    'anybody, and more of them': {
      policies: [policy('p', { approval: { mode: 'manual', stages: [{ approvers: security }] } })],
      guardrails: [asksFor({ count: 3 })],
      then: 'manual: p 2+1',
    },
    'the least demanding is found after raising': {
      policies: [policy('a'), policy('z', { approval: { mode: 'manual', stages: [{ approvers: leads }] } })],
      guardrails: [asksFor({ approvers: leads })],
      then: 'manual: a 1',
    },
    'a broad automatic policy does not undercut a strict one': {
      policies: [
        policy('broad'),
        policy('strict', { approval: { mode: 'manual', stages: [{ approvers: leads }, { approvers: security }] } }),
      ],
      guardrails: [asksFor({ approvers: leads }, { approvers: security })],
      then: 'manual: broad 1+1',
    },
    'two guardrails': {
      policies: [any],
      guardrails: [
        guardrail('g', { approval: { stages: [{ approvers: leads }] } }),
        guardrail('h', { approval: { stages: [{ approvers: security }] } }),
      ],
      then: 'manual: any 1+1',
    },
    'only for what resolves to cluster-admin': {
      policies: [any],
      guardrails: [guardrail('g', { resolvesTo: ['ClusterAdmin'], approval: { stages: [{ approvers: security }] } })],
      facts: { blastRadius: blastRadius({ clusterAdmin: [innocent] }) },
      then: 'manual: any 1',
    },
    'one that cannot be evaluated denies': {
      policies: [any],
      guardrails: [guardrail('g', { resolvesTo: ['ClusterAdmin'], approval: { stages: [{}] } })],
      facts: { blastRadius: null },
      then: ['BlastRadiusUnknown'],
    },
    'it permits nothing by itself': { guardrails: [asksFor({})], then: ['NoPolicyApplies'] },
  },
};

describe.each(Object.entries(table))('decide: %s', (_, rows) => {
  it.each(Object.entries(rows))('%s', (_name, row) => {
    const decision = decideRow(row);
    const found =
      decision.outcome === 'permitted'
        ? `${decision.approval}: ${decision.policy} ${decision.stages.map(({ count }) => count).join('+')}`.trim()
        : decision.violations.map(({ reason }) => reason);
    expect(found).toEqual(row.then);
  });
});

it('has at least 80 rows', () => {
  expect(Object.values(table).flatMap((rows) => Object.keys(rows)).length).toBeGreaterThanOrEqual(80);
});
