import type { Requester } from '../model/principal.js';
import type { Asked } from './asked.js';
import type { Choice } from './choice.js';
import type { Findings } from './evaluation.js';
import type { Globs } from './glob.js';
import type { Selector } from './policy-set.js';

/** Whether it speaks about the request, with one check for each field that the selector has. */
export function checkSelector({ clusters, requesters }: Selector, asked: Asked, findings: Findings): boolean {
  const { facts, requester, found } = asked;
  let selected = true;
  if (clusters) {
    const passed = clusters.matches(facts.cluster);
    findings.note('selector.clusters', passed, clusters.expected, found.cluster);
    selected = passed;
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

/** The same for a requester on a cluster, whatever it asks for. */
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
