import type { BoundSubject, RoleReference, RoleRule } from '../model/blast-radius.js';
import type { WireObject } from './list-objects.js';
import type { Binding, RoleDefinition } from './role-binding-index.js';

/** Role and ClusterRole of rbac.authorization.k8s.io/v1 as JSON; null in place of an empty list is what Go makes of it. */
export interface WireRole extends WireObject {
  readonly rules?: readonly WireRule[] | null;
}

interface WireRule {
  readonly verbs?: readonly string[] | null;
  readonly apiGroups?: readonly string[] | null;
  readonly resources?: readonly string[] | null;
  readonly resourceNames?: readonly string[] | null;
  readonly nonResourceURLs?: readonly string[] | null;
}

/** RoleBinding and ClusterRoleBinding. */
export interface WireBinding extends WireObject {
  readonly subjects?: readonly WireSubject[] | null;
  readonly roleRef: RoleReference;
}

interface WireSubject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** What an aggregated ClusterRole gathers, kube-controller-manager has put among its rules. */
export function readRole(kind: RoleDefinition['kind'], { metadata, rules }: WireRole): RoleDefinition {
  return { kind, name: metadata.name, namespace: metadata.namespace ?? null, rules: (rules ?? []).map(readRule) };
}

export function readBinding(kind: Binding['kind'], { metadata, subjects, roleRef }: WireBinding): Binding {
  const namespace = metadata.namespace ?? null;
  return {
    kind,
    name: metadata.name,
    namespace,
    subjects: (subjects ?? []).flatMap((subject) => readSubject(subject, namespace)),
    role: { kind: roleRef.kind, name: roleRef.name },
  };
}

function readRule({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: WireRule): RoleRule {
  return {
    verbs: verbs ?? [],
    apiGroups: apiGroups ?? [],
    resources: resources ?? [],
    resourceNames: resourceNames ?? [],
    nonResourceURLs: nonResourceURLs ?? [],
  };
}

/**
 * As RBAC's authorizer reads it (pkg/registry/rbac/validation appliesToUser): a service account is a user of that name,
 * however it is authenticated; what is of another kind binds nobody.
 */
function readSubject({ kind, name, namespace }: WireSubject, ofBinding: string | null): readonly BoundSubject[] {
  switch (kind) {
    case 'User':
    case 'Group':
      return [{ kind, name }];
    case 'ServiceAccount': {
      const home = namespace || ofBinding;
      return home === null ? [] : [{ kind: 'User', name: `system:serviceaccount:${home}:${name}` }];
    }
    default:
      return [];
  }
}
