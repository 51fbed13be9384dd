import { readBinding, readRole, RoleBindingIndex } from '../../src/kubernetes/role-bindings.js';
import type { RoleBindingSnapshot } from '../../src/kubernetes/resolve-blast-radius.js';

const apiGroup = 'rbac.authorization.k8s.io';

/** A PolicyRule as it is written. */
export interface WrittenRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface WrittenSubject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** A Role, ClusterRole, RoleBinding or ClusterRoleBinding as a person writes it. */
export type RbacObject =
  | {
      readonly kind: 'ClusterRole' | 'Role';
      readonly metadata: { readonly name: string; readonly namespace?: string };
      readonly rules: readonly WrittenRule[];
    }
  | {
      readonly kind: 'ClusterRoleBinding' | 'RoleBinding';
      readonly metadata: { readonly name: string; readonly namespace?: string };
      readonly roleRef: { readonly apiGroup: string; readonly kind: 'ClusterRole' | 'Role'; readonly name: string };
      readonly subjects: readonly WrittenSubject[];
    };

const placed = (name: string, namespace: string | undefined) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

/** A ClusterRole, or with a namespace a Role. */
export const role = (name: string, rules: readonly WrittenRule[], namespace?: string): RbacObject => ({
  kind: namespace === undefined ? 'ClusterRole' : 'Role',
  metadata: placed(name, namespace),
  rules,
});

/** `user:jane`, `group:team-a`, `serviceaccount:robots/ci`. */
export function subject(text: string): WrittenSubject {
  const [kind = '', name = ''] = text.split(/:(.*)/s);
  if (kind === 'user') return { kind: 'User', name };
  if (kind === 'group') return { kind: 'Group', name };
  const [namespace = '', account = ''] = name.split('/');
  return { kind: 'ServiceAccount', name: account, ...(namespace === '' ? {} : { namespace }) };
}

/** A ClusterRoleBinding, or with a namespace a RoleBinding; `to` is `ClusterRole/view` or `Role/reader`. */
export const binding = (name: string, to: string, subjects: readonly string[], namespace?: string): RbacObject => {
  const [kind, ...roleName] = to.split('/');
  return {
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: placed(name, namespace),
    roleRef: { apiGroup, kind: kind === 'Role' ? 'Role' : 'ClusterRole', name: roleName.join('/') },
    subjects: subjects.map(subject),
  };
};

/** The objects for kubectl. */
export const manifestOf = (objects: readonly RbacObject[]): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: objects.map((object) => ({
      apiVersion: `${apiGroup}/v1`,
      ...object,
      ...('subjects' in object
        ? {
            subjects: object.subjects.map((one) => ({
              ...(one.kind === 'ServiceAccount' ? {} : { apiGroup }),
              ...one,
            })),
          }
        : {}),
    })),
  });

/** The objects as they are known once they have been read. */
export function snapshotOf(objects: readonly RbacObject[], observedAt = new Date(0)): RoleBindingSnapshot {
  const index = new RoleBindingIndex();
  objects.forEach((object, i) => {
    const metadata = { uid: `uid-${i}`, resourceVersion: String(i), ...object.metadata };
    if ('rules' in object) index.putRole(readRole(object.kind, { ...object, metadata }));
    else index.addBinding(readBinding(object.kind, { ...object, metadata }));
  });
  return {
    observedAt,
    bindingsOf: (bound) => index.bindingsOf(bound),
    rulesOf: (reference, namespace) => index.rulesOf(reference, namespace),
  };
}

export const everything: WrittenRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

/** Some of the objects of every cluster, as kube-apiserver makes them. */
export const defaultRbacObjects: readonly RbacObject[] = [
  role('cluster-admin', [everything, { verbs: ['*'], nonResourceURLs: ['*'] }]),
  binding('cluster-admin', 'ClusterRole/cluster-admin', ['group:system:masters']),
  role('system:basic-user', [
    {
      verbs: ['create'],
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    },
    { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
  ]),
  binding('system:basic-user', 'ClusterRole/system:basic-user', ['group:system:authenticated']),
  role('system:discovery', [{ verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/version/'] }]),
  binding('system:discovery', 'ClusterRole/system:discovery', ['group:system:authenticated']),
  role('system:public-info-viewer', [
    { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] },
  ]),
  binding('system:public-info-viewer', 'ClusterRole/system:public-info-viewer', [
    'group:system:authenticated',
    'group:system:unauthenticated',
  ]),
];
