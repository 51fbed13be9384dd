import { clip, quoteUpTo } from '@kubepass/inspect/formats';
import type { Violation } from '../model/decision.js';
import type { ViolationReason } from '../model/violation-reasons.js';
import type { DecisionInput, Judgement } from './evaluation.js';
import type { Policy } from './policy-set.js';

/** Denies a request that no policy applies to. No file can disable this rule. */
export const defaultDenyName = 'built-in/default-deny';

/** At most this is said, because a denied request is recorded with the text. */
const mostPolicies = 5;
const mostValues = 4;
const mostOfValue = 64;
const mostOfAll = 2000;

/**
 * The violation where no policy applies: the fields of each policy's selector that did not match, in words, the nearest
 * policy first. It tells no more than `GET /v1/policies`, which every principal may read, and the request itself.
 */
export function noPolicyApplies(
  policies: readonly Policy[],
  judgements: readonly Judgement[],
  input: DecisionInput,
): Violation {
  const { requester, cluster } = input.found;
  const said = `no policy applies to requests of ${requester.name} on cluster ${cluster}`;
  const nearest = policies
    .map((policy, i) => ({ policy, checks: judgements[i]?.entry.checks ?? [] }))
    .map(({ policy, checks }) => ({ policy, checks, failed: checks.filter(({ passed }) => !passed) }))
    .sort((a, b) => a.failed.length - b.failed.length || b.checks.length - a.checks.length);
  const sentences: string[] = [];
  for (const { policy, failed } of nearest.slice(0, mostPolicies)) {
    const misses = failed.map(({ check }) => missOf(check, policy, input));
    const needs = misses.map((miss) => miss.needs).join(' and ');
    const sentence = `policy ${policy.name}: needs ${needs}; ${misses.map((miss) => miss.found).join(' and ')}`;
    if (sentences.length > 0 && [...sentences, sentence].join('').length > mostOfAll) break;
    sentences.push(clip(sentence, mostOfAll));
  }
  const others = nearest.length - sentences.length;
  if (others > 0) sentences.push(`${others} more ${others === 1 ? 'policy does' : 'policies do'} not apply either`);
  const message = nearest.length === 0 ? `${said}: no policy is loaded` : [said, ...sentences].join('. ');
  return { source: defaultDenyName, reason: 'NoPolicyApplies' satisfies ViolationReason, message };
}

/** One thing that a policy needs, and what the request has in its place. */
interface Miss {
  readonly needs: string;
  readonly found: string;
}

/** The failed check of a policy that does not apply, in words. `check` names it as the trace does. */
function missOf(check: string, { selector, constraints }: Policy, input: DecisionInput): Miss {
  const { requester, facts, request, now } = input;
  const { names, groups, roles } = selector.requesters ?? {};
  switch (check) {
    case 'selector.clusters':
      return { needs: `cluster ${either(selector.clusters?.patterns)}`, found: `you ask for ${short(facts.cluster)}` };
    case 'selector.requesters.names':
      return { needs: `requester ${either(names?.patterns)}`, found: `you are ${short(requester.name)}` };
    case 'selector.requesters.groups':
      return {
        needs: `group ${either(groups?.patterns)}`,
        found: `you are in ${listed(requester.groups.map(short), 'and') || 'no group'}`,
      };
    case 'selector.requesters.roles':
      return {
        needs: `role ${listed(roles?.values ?? [], 'or') || matchesNone}`,
        found: `you have ${listed(requester.roles, 'and') || 'no role'}`,
      };
    case 'constraints.notBefore':
      return { needs: `a time from ${instant(constraints.notBefore)} on`, found: `it is ${instant(now)}` };
    case 'constraints.notAfter':
      return { needs: `a time until ${instant(constraints.notAfter)}`, found: `it is ${instant(now)}` };
    default: {
      const key = check.slice('selector.labels.'.length);
      const value = Object.hasOwn(request.labels, key) ? request.labels[key] : undefined;
      const found = value === undefined ? 'you give none' : `you give ${short(value)}`;
      return { needs: `label ${key} ${either(selector.labels?.get(key)?.patterns)}`, found };
    }
  }
}

const matchesNone = 'of an empty list, which matches none';
const instant = (at: Date | undefined): string => at?.toISOString() ?? '';
const short = (value: string): string => quoteUpTo(value, mostOfValue);

const either = (values: readonly string[] = []): string => listed(values.map(short), 'or') || matchesNone;

/** `a, b or c`; of a long list the first ones, and how many others there are. */
function listed(values: readonly string[], conjunction: 'and' | 'or'): string {
  const first = values.length > mostValues ? values.slice(0, mostValues - 1) : values;
  const all = first === values ? values : [...first, `${values.length - first.length} others`];
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} ${conjunction} ${all.at(-1) ?? ''}`;
}
