import type { Privileges } from '../model/blast-radius.js';
import type { Decision, DecisionFacts, DirectoryFacts, DirectoryParty, RenewalFacts } from '../model/decision.js';
import { didYouMean, humanDuration, quoteAll } from '@kubepass/inspect/formats';
import { quoteName } from '../model/name-grammar.js';
import type { Requester } from '../model/principal.js';
import { violationReasons } from '../model/violation-reasons.js';
import { decide } from './decide.js';
import { offersTo } from './offers.js';
import { parsePolicySet, readRuleDocuments } from './parse-policy-set.js';
import type { PolicySet, PolicyTexts, RequestToDecide } from './policy-set.js';
import type { PolicyTest } from './policy-test-schema.js';
import { secondsSinceEnd } from './evaluate-policy.js';

/** The report on a directory of policies. */
interface PolicyReport {
  /** Whether the policies load and every test passes. */
  readonly ok: boolean;
  readonly text: string;
}

/** Somebody who would ask, and when. */
interface Asking {
  readonly requester: Requester;
  readonly now: Date;
}

/** Loads the policies and runs their tests, each against the whole set. Says what they offer to whoever is asking. */
export function checkPolicies(texts: PolicyTexts, asking: Asking | null = null): PolicyReport {
  const parsed = parsePolicySet(texts);
  if (!parsed.ok) return reportErrors(parsed.errors);
  const { policySet } = parsed;

  const lines: string[] = [];
  let tests = 0;
  let failed = 0;
  for (const { path, line, document } of readRuleDocuments(policySet)) {
    const { kind, metadata, tests: own = [] } = document;
    lines.push(`${path}:${line} ${kind} ${metadata.name}${own.length === 0 ? ': no tests' : ''}`);
    for (const test of own) {
      const departures = runTest(test, policySet);
      tests += 1;
      if (departures.length > 0) failed += 1;
      lines.push(`  ${departures.length === 0 ? 'passed' : 'FAILED'}: ${test.name}`);
      lines.push(...departures.map((departure) => `    ${departure}`));
    }
  }
  const { policies, guardrails } = policySet;
  const rules = `${policies.length} of kind Policy, ${guardrails.length} of kind Guardrail`;
  lines.push('', `${rules}; tests: ${tests - failed} passed, ${failed} failed`);
  if (asking !== null) lines.push('', ...offersInWords(policySet, asking));
  return { ok: failed === 0, text: lines.join('\n') };
}

/** What the policies offer to the requester, one line for each policy. */
function offersInWords(policySet: PolicySet, { requester, now }: Asking): readonly string[] {
  const who = `${quoteName(requester.name)} (roles ${requester.roles.join(', ')}; groups ${quoteAll(requester.groups)})`;
  const offers = offersTo(policySet, null, requester, now);
  if (offers.length === 0) return [`No policy offers anything to ${who}.`];
  return [
    `Offered to ${who}:`,
    ...offers.map(({ policy, clusters, usernames, groups, maxExpirationSeconds, approval }) => {
      const lifetime = maxExpirationSeconds === null ? '' : `, at most ${humanDuration(maxExpirationSeconds)}`;
      const how = approval === 'auto' ? 'at once' : 'after approval by people';
      const what = `clusters ${quoteAll(clusters)}, usernames ${quoteAll(usernames)}, groups ${quoteAll(groups)}`;
      return `  by ${policy}: ${what}${lifetime}, ${how}`;
    }),
  ];
}

/** The report on policies that do not load. */
export function reportErrors(errors: readonly string[]): PolicyReport {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  return { ok: false, text: [...errors, '', `${count}: these policies would not be loaded`].join('\n') };
}

/** A Monday at noon UTC. */
const defaultNow = '2026-01-05T12:00:00Z';

/** Every difference between the decision and the expectation, one line each. Empty if the test passes. */
function runTest(test: PolicyTest, policySet: PolicySet): readonly string[] {
  const { name, groups = [], roles = ['requester'] } = test.requester;
  const requester = { name, groups, roles };
  const request: RequestToDecide = {
    groups: [],
    keyAlgorithm: 'ECDSA-P256',
    expirationSeconds: null,
    namespace: null,
    reason: null,
    labels: {},
    collector: name,
    ...test.request,
  };
  const now = new Date(test.now ?? defaultNow);
  return departures(test.expect, decide(request, requester, factsOf(test, now), policySet, now));
}

type WrittenFacts = NonNullable<PolicyTest['facts']>;

function factsOf({ request, facts = {} }: PolicyTest, now: Date): DecisionFacts {
  const { usage = {}, active = [], blastRadius = {}, renewal, directory = {} } = facts;
  return {
    cluster: request.cluster,
    allowPrivilegedGroups: facts.allowPrivilegedGroups ?? [],
    nameAlphabet: facts.nameAlphabet ?? 'ascii',
    usage: {
      livePerUsername: 0,
      livePerRequester: 0,
      issuancesPerHour: 0,
      ...(renewal && { livePerLineage: 1 }),
      ...usage,
      livePerGroup: { ...Object.fromEntries((request.groups ?? []).map((group) => [group, 0])), ...usage.livePerGroup },
    },
    ...(renewal && { renewal: renewalOf(renewal, now) }),
    active: active.map((given) => ({ groups: [], serialNumber: '01', keyAlgorithm: 'ECDSA-P256', ...given })),
    blastRadius: blastRadius && blastRadiusOf(blastRadius, now),
    directory: directoryOf(directory),
  };
}

function directoryOf({ username, requester, collector }: NonNullable<WrittenFacts['directory']>): DirectoryFacts {
  const party = (written?: typeof username): DirectoryParty => ({
    state: written === undefined ? 'unknown' : 'active',
    groups: [],
    reused: false,
    ...written,
  });
  return { required: false, username: party(username), requester: party(requester), collector: party(collector) };
}

function renewalOf(written: NonNullable<WrittenFacts['renewal']>, now: Date): RenewalFacts {
  const { approvedAt } = written;
  return {
    of: '0'.repeat(64),
    generation: 1,
    revoked: false,
    ...written,
    approvedAt: approvedAt ?? null,
    approvedSeconds: approvedAt === undefined ? null : (written.approvedSeconds ?? 86_400),
    approvedBy: approvedAt === undefined ? [] : ['approver'],
    expiredSeconds: secondsSinceEnd(new Date(written.notAfter), now),
  };
}

type WrittenBlastRadius = NonNullable<WrittenFacts['blastRadius']>;

function blastRadiusOf({ clusterAdmin = [], escalations = [] }: WrittenBlastRadius, now: Date): Privileges {
  return {
    clusterAdmin: clusterAdmin.map((binding) => ({ namespace: null, ...binding })),
    escalations: escalations.map(({ kind, by }) => ({ kind, by: { namespace: null, ...by } })),
    observedAt: now.toISOString(),
  };
}

function departures(expected: PolicyTest['expect'], decision: Decision): readonly string[] {
  if (expected.outcome !== decision.outcome)
    return [`expected ${expected.outcome}, found ${decision.outcome}${because(decision)}`];
  if (decision.outcome === 'denied') {
    const reasons = decision.violations.map(({ reason }) => reason);
    const sources = decision.violations.map(({ source }) => source);
    return [
      ...missing('reason', expected.reasons, reasons, decision, Object.keys(violationReasons)),
      ...missing('violation by', expected.by, sources, decision),
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
  known: readonly string[] = [],
): readonly string[] {
  const meant = (name: string) => (known.length === 0 || known.includes(name) ? '' : didYouMean(name, known));
  return expected
    .filter((name) => !found.includes(name))
    .map((name) => `expected ${what} ${name}, found none${meant(name)}${because(decision)}`);
}

function because(decision: Decision): string {
  if (decision.outcome === 'permitted') return ` by ${decision.policy}`;
  return `: ${decision.violations.map(({ source, reason, message }) => `${source}: ${reason}: ${message}`).join('; ')}`;
}
