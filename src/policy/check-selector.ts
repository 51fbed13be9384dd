import type { TraceCheck } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import type { Asked } from './asked.js';
import type { Choice } from './choice.js';
import type { Globs } from './glob.js';
import type { Selector } from './policy-set.js';

/** One check per field that the selector has; it speaks about the request where all pass. */
export function checkSelector({ clusters, requesters }: Selector, asked: Asked): readonly TraceCheck[] {
  const { facts, requester, found } = asked;
  const checks: TraceCheck[] = [];
  const check = (field: string, { expected }: Globs | Choice<string>, what: string, passed: boolean) =>
    checks.push({ check: `selector.${field}`, passed, expected, found: what });

  if (clusters) check('clusters', clusters, found.cluster, clusters.matches(facts.cluster));
  if (requesters === undefined) return checks;
  const { names, groups, roles } = requesters;
  if (names) check('requesters.names', names, found.requester.name, isNamed(names, requester));
  if (groups) check('requesters.groups', groups, found.requester.groups, isInGroup(groups, requester));
  if (roles) check('requesters.roles', roles, found.requester.roles, hasRole(roles, requester));
  return checks;
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
