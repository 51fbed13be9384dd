import type { GrantReference, Privileges } from '../model/blast-radius.js';
import type { Decision, DecisionFacts } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { decide } from './decide.js';
import { parseInstant } from './instant.js';
import type { PolicySet, RequestToDecide } from './policy-set.js';
import type { WrittenPolicyTest } from './policy-test-schema.js';
import type { DocumentError } from './shape-errors.js';

/** A Monday at noon UTC. */
const defaultNow = '2026-01-05T12:00:00Z';

/** What the schema cannot tell: instants that are none, and expectations that no decision can meet. */
export function whatIsWrongWithTest({ now, facts, expect }: WrittenPolicyTest): readonly DocumentError[] {
  const instants = [
    { path: '/now', text: now },
    ...(facts?.active ?? []).flatMap(({ notBefore, notAfter }, i) => [
      { path: `/facts/active/${i}/notBefore`, text: notBefore },
      { path: `/facts/active/${i}/notAfter`, text: notAfter },
    ]),
  ];
  const others = Object.keys(expect).filter((field) => !fieldsOf[expect.outcome].includes(field));
  return [
    ...instants.flatMap(({ path, text }) =>
      text === undefined || parseInstant(text) !== null
        ? []
        : [{ path, message: 'must be an RFC 3339 instant, such as 2026-01-31T09:00:00Z' }],
    ),
    ...others.map((field) => ({
      path: `/expect/${field}`,
      message: `says nothing of a request that is ${expect.outcome}`,
    })),
  ];
}

const fieldsOf: Readonly<Record<WrittenPolicyTest['expect']['outcome'], readonly string[]>> = {
  permitted: ['outcome', 'policy', 'approval', 'approvals', 'expirationSeconds'],
  denied: ['outcome', 'reasons', 'by'],
};

/** In what the decision departs from what the test expects, a line each; empty: in nothing. */
export function runPolicyTest(test: WrittenPolicyTest, policySet: PolicySet): readonly string[] {
  const requester = requesterOf(test);
  const now = new Date(test.now ?? defaultNow);
  const decision = decide(requestOf(test, requester), requester, factsOf(test, now), policySet, now);
  return departures(test.expect, decision);
}

function requesterOf({ requester: { name, groups = [], roles = ['requester'] } }: WrittenPolicyTest): Requester {
  return { name, groups, roles };
}

function requestOf({ request }: WrittenPolicyTest, requester: Requester): RequestToDecide {
  return {
    username: request.username,
    groups: request.groups ?? [],
    keyAlgorithm: request.keyAlgorithm ?? 'ECDSA-P256',
    expirationSeconds: request.expirationSeconds ?? null,
    namespace: request.namespace ?? null,
    reason: request.reason ?? null,
    collector: request.collector ?? requester.name,
  };
}

function factsOf({ request, facts = {} }: WrittenPolicyTest, now: Date): DecisionFacts {
  const { allowPrivilegedGroups = [], nameAlphabet = 'ascii', usage = {}, active = [], blastRadius = {} } = facts;
  return {
    cluster: request.cluster,
    allowPrivilegedGroups,
    nameAlphabet,
    usage: {
      livePerUsername: usage.livePerUsername ?? 0,
      livePerGroup: { ...Object.fromEntries((request.groups ?? []).map((group) => [group, 0])), ...usage.livePerGroup },
      livePerRequester: usage.livePerRequester ?? 0,
      issuancesPerHour: usage.issuancesPerHour ?? 0,
    },
    active: active.map((certificate) => ({
      groups: [],
      serialNumber: '01',
      keyAlgorithm: 'ECDSA-P256',
      ...certificate,
    })),
    blastRadius: blastRadius && blastRadiusOf(blastRadius, now),
  };
}

type WrittenBlastRadius = NonNullable<NonNullable<WrittenPolicyTest['facts']>['blastRadius']>;

function blastRadiusOf({ clusterAdmin = [], escalations = [] }: WrittenBlastRadius, now: Date): Privileges {
  return {
    clusterAdmin: clusterAdmin.map(bindingOf),
    escalations: escalations.map(({ kind, by }) => ({ kind, by: bindingOf(by) })),
    observedAt: now.toISOString(),
  };
}

type WrittenBinding = NonNullable<WrittenBlastRadius['clusterAdmin']>[number];

function bindingOf({ kind, name, namespace }: WrittenBinding): GrantReference {
  return { kind, name, namespace: namespace ?? null };
}

function departures(expected: WrittenPolicyTest['expect'], decision: Decision): readonly string[] {
  if (expected.outcome !== decision.outcome)
    return [`expected ${expected.outcome}, found ${decision.outcome}${because(decision)}`];
  if (decision.outcome === 'denied') {
    const { violations } = decision;
    return [
      ...missing(
        'reason',
        expected.reasons,
        violations.map(({ reason }) => reason),
        decision,
      ),
      ...missing(
        'violation by',
        expected.by,
        violations.map(({ source }) => source),
        decision,
      ),
    ];
  }
  return [
    ...differs('policy', expected.policy, decision.policy),
    ...differs('approval', expected.approval, decision.approval),
    ...differs('approvals', expected.approvals?.join(), decision.stages.map(({ count }) => count).join()),
    ...differs('expirationSeconds', expected.expirationSeconds, decision.expirationSeconds),
  ];
}

function differs(what: string, expected: string | number | undefined, found: string | number): readonly string[] {
  return expected === undefined || expected === found ? [] : [`expected ${what} ${expected}, found ${found}`];
}

function missing(
  what: string,
  expected: readonly string[] = [],
  found: readonly string[],
  decision: Decision,
): readonly string[] {
  return expected
    .filter((name) => !found.includes(name))
    .map((name) => `expected ${what} ${name}, found none${because(decision)}`);
}

function because(decision: Decision): string {
  if (decision.outcome === 'permitted') return ` by ${decision.policy}`;
  return `: ${decision.violations.map(({ source, reason, message }) => `${source}: ${reason}: ${message}`).join('; ')}`;
}
