import type { PrincipalSelector } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { quote } from '@kubepass/inspect/formats';
import type { DecisionInput, Findings } from './evaluation.js';
import { choiceOf, compileGlobs, type Choice, type Globs } from './glob.js';
import type { Selector } from './policy-set.js';

/** A selector as written in a policy or guardrail. */
export interface WrittenSelector {
  readonly clusters?: readonly string[];
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  readonly requesters?: PrincipalSelector;
}

export function compileSelector({ clusters, labels, requesters }: WrittenSelector): Selector {
  return {
    ...compileGlobFields({ clusters }),
    ...(labels && { labels: new Map(Object.entries(labels).map(([key, globs]) => [key, compileGlobs(globs)])) }),
    ...(requesters && {
      requesters: {
        ...compileGlobFields({ names: requesters.names, groups: requesters.groups }),
        ...(requesters.roles && { roles: choiceOf(requesters.roles) }),
      },
    }),
  };
}

/** Compiles each list of globs. An omitted list stays omitted. */
export function compileGlobFields<Field extends string>(
  written: Readonly<Record<Field, readonly string[] | undefined>>,
): Readonly<Partial<Record<Field, Globs>>> {
  const compiled: Partial<Record<Field, Globs>> = {};
  for (const field of Object.keys(written) as Field[]) {
    const globs = written[field];
    if (globs !== undefined) compiled[field] = compileGlobs(globs);
  }
  return compiled;
}

/** Whether the rule applies to the request. Adds one check for each field of the selector. */
export function checkSelector(
  { clusters, labels, requesters }: Selector,
  input: DecisionInput,
  findings: Findings,
): boolean {
  const { request, facts, requester, found } = input;
  let selected = true;
  if (clusters) {
    selected = clusters.matches(facts.cluster);
    findings.note('selector.clusters', selected, clusters.expected, found.cluster);
  }
  for (const [key, globs] of labels ?? []) {
    const value = Object.hasOwn(request.labels, key) ? request.labels[key] : undefined;
    const passed = value !== undefined && globs.matches(value);
    findings.note(`selector.labels.${key}`, passed, globs.expected, value === undefined ? 'none' : quote(value));
    selected &&= passed;
  }
  if (requesters === undefined) return selected;
  const { names, groups, roles } = requesters;
  if (names) {
    const passed = isNamed(names, requester);
    findings.note('selector.requesters.names', passed, names.expected, found.requester.name);
    selected &&= passed;
  }
  if (groups) {
    const passed = isInGroup(groups, requester);
    findings.note('selector.requesters.groups', passed, groups.expected, found.requester.groups);
    selected &&= passed;
  }
  if (roles) {
    const passed = hasRole(roles, requester);
    findings.note('selector.requesters.roles', passed, roles.expected, found.requester.roles);
    selected &&= passed;
  }
  return selected;
}

/** Whether the rule can apply to a request of this requester on this cluster, whatever its labels are. */
export function selects({ clusters, requesters = {} }: Selector, cluster: string, requester: Requester): boolean {
  const { names, groups, roles } = requesters;
  return (
    (clusters === undefined || clusters.matches(cluster)) &&
    (names === undefined || isNamed(names, requester)) &&
    (groups === undefined || isInGroup(groups, requester)) &&
    (roles === undefined || hasRole(roles, requester))
  );
}

const isNamed = (names: Globs, requester: Requester): boolean => names.matches(requester.name);
const isInGroup = (globs: Globs, { groups }: Requester): boolean => groups.some((group) => globs.matches(group));
const hasRole = ({ values }: Choice<string>, { roles }: Requester): boolean =>
  roles.some((role) => values.includes(role));

/** Whether a selector as written matches a principal. */
export function matchesPrincipal(selector: PrincipalSelector, principal: Requester): boolean {
  return selects(compileSelector({ requesters: selector }), '', principal);
}
