import type { RoleRule } from '../model/blast-radius.js';

/** A request to an API server, as RBAC looks at it. */
export interface ResourceRequest {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** With its subresource: `pods/exec`. */
  readonly resource: string;
  /** Null where the request names no object, as a list or the creation of one does. */
  readonly name: string | null;
}

/** Whether RBAC lets the rule allow the request: RuleAllows in k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac. */
export function ruleMatches(rule: RoleRule, { verb, group, resource, name }: ResourceRequest): boolean {
  return (
    matches(rule.verbs, verb) &&
    matches(rule.apiGroups, group) &&
    matchesResource(rule.resources, resource) &&
    // A rule for certain objects allows no request that names none.
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name ?? ''))
  );
}

/** `*` is all of them, and nothing else is a pattern. */
const matches = (allowed: readonly string[], value: string): boolean =>
  allowed.includes('*') || allowed.includes(value);

// ResourceMatches in pkg/apis/rbac/v1: `*` is every resource and every subresource, `*/exec` that subresource of every
// resource. `pods` is not `pods/exec`, and in `pods/*` the asterisk is a name like another.
function matchesResource(allowed: readonly string[], resource: string): boolean {
  if (matches(allowed, resource)) return true;
  const slash = resource.indexOf('/');
  return slash !== -1 && allowed.includes(`*${resource.slice(slash)}`);
}
