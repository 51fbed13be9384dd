/** The rights of an identity on a cluster, as the cluster's role bindings give them. */
export interface BlastRadius {
  /** Every binding that its username or one of its groups is a subject of. */
  readonly grants: readonly Grant[];
  /** The grants that amount to cluster-admin: `*` on `*` in `*`, on the whole cluster. */
  readonly clusterAdmin: readonly GrantReference[];
  /** Ways to more rights than are granted, each with the grant that opens it. */
  readonly escalations: readonly Escalation[];
  /** When the cluster's bindings were last known to be complete; RFC 3339 UTC, as it is kept with a decision. */
  readonly observedAt: string;
}

/** A binding by its name. */
export interface BindingReference {
  readonly kind: 'ClusterRoleBinding' | 'RoleBinding';
  readonly name: string;
  /** The namespace of a RoleBinding; null for the whole cluster. */
  readonly namespace: string | null;
}

/** The source of a grant: a binding, or the one group that the API server lets do everything without a binding. */
export type GrantReference =
  BindingReference | { readonly kind: 'Group'; readonly name: 'system:masters'; readonly namespace: null };

export interface Grant extends BindingReference {
  /** The subject that it binds: the username, or one of the groups (`system:authenticated` is everybody's). */
  readonly subject: BoundSubject;
  readonly role: RoleReference;
  /** Null where the role does not exist: it grants nothing. */
  readonly rules: readonly RoleRule[] | null;
}

export interface BoundSubject {
  readonly kind: 'User' | 'Group';
  readonly name: string;
}

export interface RoleReference {
  readonly kind: 'ClusterRole' | 'Role';
  readonly name: string;
}

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export interface RoleRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export const escalationKinds = [
  'Wildcard',
  'EscalateRoles',
  'BindRoles',
  'Impersonate',
  'ReadSecrets',
  'ExecInPods',
  'CreateWorkloads',
  'ApproveCertificates',
  'IssueServiceAccountTokens',
  'ProxyNodes',
] as const;
export type EscalationKind = (typeof escalationKinds)[number];

export interface Escalation {
  readonly kind: EscalationKind;
  readonly by: GrantReference;
}

/** The part of a blast radius that decisions look at and keep: without the list of everything that is granted. */
export type Privileges = Pick<BlastRadius, 'clusterAdmin' | 'escalations' | 'observedAt'>;

/** Grants that are kept for cluster-admin and for each escalation: a few help people to find them. */
const keptGrants = 10;
/** Kubernetes bounds a binding's name by nothing but the size of the object. */
const keptCharacters = 253;

/** Takes that part in bounded size, however many bindings the cluster has and however long their names are. */
export function privilegesOf({ clusterAdmin, escalations, observedAt }: BlastRadius): Privileges {
  const counts = new Map<EscalationKind, number>();
  const kept: Escalation[] = [];
  for (const { kind, by } of escalations) {
    const count = counts.get(kind) ?? 0;
    if (count < keptGrants) kept.push({ kind, by: withBoundedName(by) });
    counts.set(kind, count + 1);
  }
  return { clusterAdmin: clusterAdmin.slice(0, keptGrants).map(withBoundedName), escalations: kept, observedAt };
}

function withBoundedName(by: GrantReference): GrantReference {
  if (by.kind === 'Group' || by.name.length <= keptCharacters) return by;
  return {
    ...by,
    name: `${Array.from(by.name.slice(0, 2 * keptCharacters))
      .slice(0, keptCharacters)
      .join('')}…`,
  };
}
