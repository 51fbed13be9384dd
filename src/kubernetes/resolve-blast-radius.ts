import {
  type BindingReference,
  type BlastRadius,
  type BoundSubject,
  type Escalation,
  type EscalationKind,
  escalationKinds,
  type Grant,
  type GrantReference,
  type RoleReference,
  type RoleRule,
} from '../model/blast-radius.js';
import { type Scope, waysOpened } from './ways-to-more.js';

/** The fields of a RoleBinding or ClusterRoleBinding that are read here. */
export interface Binding extends BindingReference {
  readonly subjects: readonly BoundSubject[];
  readonly role: RoleReference;
}

/** A Role (`namespace` is its own) or ClusterRole (`namespace` null). */
export interface RoleDefinition extends RoleReference {
  readonly namespace: string | null;
  readonly rules: readonly RoleRule[];
}

/** The roles and bindings of a cluster at one time. */
export interface RoleBindingSnapshot {
  readonly observedAt: Date;
  bindingsOf(subject: BoundSubject): Iterable<Binding>;
  /** Null where there is no such role; `namespace` is the binding's. */
  rulesOf(role: RoleReference, namespace: string | null): readonly RoleRule[] | null;
}

/** Everybody whose certificate an API server accepts is in this group. */
const authenticated = 'system:authenticated';
/** An API server allows this group everything without asking RBAC (authorizerfactory.NewPrivilegedGroups). */
const masters: GrantReference = { kind: 'Group', name: 'system:masters', namespace: null };

/** The verbs that stand for HTTP requests. Others (`bind`, `impersonate`, …) are checked in addition. */
const requestVerbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

/** Resolves what the bindings let an identity do, as RBAC's authorizer does, and how that can be escalated. */
export function resolveBlastRadius(
  username: string,
  groups: readonly string[],
  snapshot: RoleBindingSnapshot,
): BlastRadius {
  const subjects: readonly BoundSubject[] = [
    { kind: 'User', name: username },
    ...[...new Set([...groups, authenticated])].map((name): BoundSubject => ({ kind: 'Group', name })),
  ];
  const grants = subjects.flatMap((subject) => grantsTo(subject, snapshot)).sort(byReference);
  const beyondRbac = groups.includes(masters.name) ? [masters] : [];
  return {
    grants,
    clusterAdmin: [...beyondRbac, ...clusterAdminGrants(grants)],
    escalations: escalationKinds.flatMap((kind) =>
      [...beyondRbac, ...grantsThatOpen(kind, grants)].map((by): Escalation => ({ kind, by })),
    ),
    observedAt: snapshot.observedAt.toISOString(),
  };
}

function grantsTo(subject: BoundSubject, snapshot: RoleBindingSnapshot): readonly Grant[] {
  return Array.from(snapshot.bindingsOf(subject), ({ kind, name, namespace, role }) => ({
    kind,
    name,
    namespace,
    subject,
    role,
    rules: snapshot.rulesOf(role, namespace),
  }));
}

/** The grants that each make a cluster admin; where no single grant does, the grants that do so together. */
function clusterAdminGrants(grants: readonly Grant[]): readonly GrantReference[] {
  const everywhere = grants
    .filter(({ kind }) => kind === 'ClusterRoleBinding')
    .map((grant) => ({ grant, verbs: verbsOnEverything(grant.rules ?? []) }))
    .filter(({ verbs }) => verbs.size > 0);
  const alone = everywhere.filter(({ verbs }) => isEveryVerb(verbs));
  if (alone.length > 0) return references(alone.map(({ grant }) => grant));
  const together = new Set(everywhere.flatMap(({ verbs }) => [...verbs]));
  return isEveryVerb(together) ? references(everywhere.map(({ grant }) => grant)) : [];
}

/** The verbs that these rules allow on every object of every resource in every group. */
function verbsOnEverything(rules: readonly RoleRule[]): ReadonlySet<string> {
  return new Set(
    rules.flatMap(({ verbs, apiGroups, resources, resourceNames }) =>
      apiGroups.includes('*') && resources.includes('*') && resourceNames.length === 0 ? verbs : [],
    ),
  );
}

const isEveryVerb = (verbs: ReadonlySet<string>): boolean =>
  verbs.has('*') || requestVerbs.every((verb) => verbs.has(verb));

/** Alone or together, as with cluster-admin. Only ways that concern the whole cluster have several needs. */
function grantsThatOpen(kind: EscalationKind, grants: readonly Grant[]): readonly GrantReference[] {
  const parts = grants.flatMap((grant) => {
    const opened = waysOpened(grant.rules ?? nothing, scopeOf(grant)).get(kind) ?? [];
    return opened.includes(true) ? [{ grant, opened }] : [];
  });
  const alone = parts.filter(({ opened }) => opened.every(Boolean));
  if (alone.length > 0) return references(alone.map(({ grant }) => grant));
  const isOpen = parts[0]?.opened.every((_, need) => parts.some(({ opened }) => opened[need] === true)) === true;
  return isOpen ? references(parts.map(({ grant }) => grant)) : [];
}

/** One shared list, so that its ways are worked out once. */
const nothing: readonly RoleRule[] = [];

const scopeOf = ({ kind }: Grant): Scope => (kind === 'ClusterRoleBinding' ? 'cluster' : 'namespace');

/** Each binding once, although it may bind the username and several groups. */
function references(grants: readonly Grant[]): readonly GrantReference[] {
  return grants
    .filter((grant, i) => i === 0 || byReference(grant, grants[i - 1] as Grant) !== 0)
    .map(({ kind, name, namespace }) => ({ kind, name, namespace }));
}

/** Grants for the whole cluster first, then by namespace and name. The order is stable because it is recorded. */
function byReference(one: Grant, other: Grant): number {
  return (
    compare(one.kind, other.kind) ||
    compare(one.namespace ?? '', other.namespace ?? '') ||
    compare(one.name, other.name)
  );
}

/** By code units, which is the same on every machine. */
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
