import type { TraceCheck } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { quote, quoteAll } from '../model/quote.js';
import { matchesAnyGlob } from './glob.js';
import { matchesPrincipal } from './matches-principal.js';
import type { Selector } from './policy-set.js';

/** One check per field that the selector has; it speaks about the request where all pass. */
export function checkSelector(selector: Selector, cluster: string, requester: Requester): readonly TraceCheck[] {
  const { clusters, requesters: { names, groups, roles } = {} } = selector;
  const checks: TraceCheck[] = [];
  const check = (field: string, expected: readonly string[], found: string, passed: boolean) =>
    checks.push({ check: `selector.${field}`, passed, expected: anyOf(expected), found });

  if (clusters) check('clusters', clusters, quote(cluster), matchesAnyGlob(clusters, cluster));
  if (names) check('requesters.names', names, quote(requester.name), matchesPrincipal({ names }, requester));
  if (groups) check('requesters.groups', groups, quoteAll(requester.groups), matchesPrincipal({ groups }, requester));
  if (roles) check('requesters.roles', roles, quoteAll(requester.roles), matchesPrincipal({ roles }, requester));
  return checks;
}

/** How the trace says what a list of patterns or values expects. */
export function anyOf(expected: readonly string[]): string {
  return expected.length === 0 ? 'nothing matches an empty list' : `any of ${quoteAll(expected)}`;
}
