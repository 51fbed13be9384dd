import type { BlastRadius, BoundSubject, RoleReference, RoleRule } from '../model/blast-radius.js';
import type { ApiServer } from './api-server.js';
import { type ObjectCollection, type WireObject, ObjectWatch, type Watching, type WatchTimes } from './object-watch.js';
import { type Binding, resolveBlastRadius, type RoleDefinition } from './resolve-blast-radius.js';

export interface RoleBindingTimes {
  /**
   * For how many milliseconds the last reading counts while nothing more is heard; default 180 000. The API server
   * sends a bookmark every minute, and a watch that is silent for a minute and a half begins anew.
   */
  readonly believed: number;
}

export type RoleBindings = ReturnType<typeof watchRoleBindings>;

/**
 * A cluster's roles and bindings, kept up to date in memory by four lists and four watches. They begin at once and go
 * on after every break until `stop`. `report` is told of each break, but of the same one only once. It must not throw.
 */
export function watchRoleBindings(
  server: ApiServer,
  report: (error: unknown) => void,
  clock: () => Date,
  times: Partial<RoleBindingTimes & WatchTimes> = {},
) {
  const index = new RoleBindingIndex();
  const { believed = 180_000 } = times;
  const watch = <W extends WireObject, T>(resource: RbacResource, kept: Kept<W, T>) =>
    new ObjectWatch(server, { ...kept, ...onceTold(report), collection: collectionOf(resource) }, clock, times);
  const roles = (kind: RoleDefinition['kind']): Kept<WireRole, RoleDefinition> => ({
    read: (wire) => readRole(kind, wire),
    changed: (role) => index.putRole(role),
    deleted: (role) => index.removeRole(role),
  });
  const bindings = (kind: Binding['kind']): Kept<WireBinding, Binding> => ({
    read: (wire) => readBinding(kind, wire),
    changed: (binding, previous) => {
      if (previous !== null) index.removeBinding(previous);
      index.addBinding(binding);
    },
    deleted: (binding) => index.removeBinding(binding),
  });
  const watches = [
    watch('clusterroles', roles('ClusterRole')),
    watch('roles', roles('Role')),
    watch('clusterrolebindings', bindings('ClusterRoleBinding')),
    watch('rolebindings', bindings('RoleBinding')),
  ];
  for (const one of watches) one.start();

  return {
    /** Resolves what the identity could do in the cluster. Null where that is unknown: not read yet, or out of date. */
    blastRadius(username: string, groups: readonly string[]): BlastRadius | null {
      const now = clock().getTime();
      const heard = watches.map(({ completeAt }) => completeAt?.getTime() ?? -Infinity);
      // The absolute difference, because the clock may have been set back.
      if (heard.some((time) => Math.abs(now - time) > believed)) return null;
      return resolveBlastRadius(username, groups, {
        observedAt: new Date(Math.min(...heard)),
        bindingsOf: (subject) => index.bindingsOf(subject),
        rulesOf: (role, namespace) => index.rulesOf(role, namespace),
      });
    },

    async stop(): Promise<void> {
      await Promise.all(watches.map((one) => one.stop()));
    },
  };
}

type Kept<W extends WireObject, T> = Pick<Watching<W, T>, 'read' | 'changed' | 'deleted'>;

export const rbacGroup = 'rbac.authorization.k8s.io';
export const rbacResources = ['clusterroles', 'roles', 'clusterrolebindings', 'rolebindings'] as const;
export type RbacResource = (typeof rbacResources)[number];

const collectionOf = (resource: RbacResource): ObjectCollection => ({
  path: `/apis/${rbacGroup}/v1/${resource}`,
  access: (verb) => ({ verb, group: rbacGroup, resource }),
});

/** A cluster that is down, or forbids the reading, is asked again and again, but reported once. */
function onceTold(
  report: (error: unknown) => void,
): Pick<Watching<WireObject, unknown>, 'established' | 'broke' | 'waitingSince'> {
  let told: string | null = null;
  return {
    established: () => {
      told = null;
    },
    broke: (error) => {
      const message = String(error);
      if (message === told) return;
      told = message;
      report(error);
    },
    waitingSince: () => null,
  };
}

/** Role and ClusterRole of rbac.authorization.k8s.io/v1 in JSON. Go writes null for an empty list. */
interface WireRole extends WireObject {
  readonly rules?: readonly WireRule[] | null;
}

type WireRule = { readonly [Member in keyof RoleRule]?: RoleRule[Member] | null };

/** RoleBinding and ClusterRoleBinding in JSON. */
interface WireBinding extends WireObject {
  readonly subjects?: readonly WireSubject[] | null;
  readonly roleRef: RoleReference;
}

interface WireSubject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** kube-controller-manager has put the rules that an aggregated ClusterRole gathers among its own. */
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
 * As RBAC's authorizer does (pkg/registry/rbac/validation appliesToUser): a service account is a user of that name,
 * however it is authenticated. Other kinds bind nobody.
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

/** Roles by name and bindings by subject, kept up to date object by object. */
export class RoleBindingIndex {
  readonly #bySubject = new Map<string, Set<Binding>>();
  readonly #roles = new Map<string, RoleDefinition>();

  addBinding(binding: Binding): void {
    for (const subject of binding.subjects) {
      const key = subjectKey(subject);
      const bindings = this.#bySubject.get(key) ?? new Set();
      bindings.add(binding);
      this.#bySubject.set(key, bindings);
    }
  }

  /** Takes the very object that was added. */
  removeBinding(binding: Binding): void {
    for (const subject of binding.subjects) {
      const key = subjectKey(subject);
      const bindings = this.#bySubject.get(key);
      bindings?.delete(binding);
      if (bindings?.size === 0) this.#bySubject.delete(key);
    }
  }

  /** Replaces a role of the same name. */
  putRole(role: RoleDefinition): void {
    this.#roles.set(roleKey(role, role.namespace), role);
  }

  removeRole(role: RoleDefinition): void {
    this.#roles.delete(roleKey(role, role.namespace));
  }

  bindingsOf(subject: BoundSubject): Iterable<Binding> {
    return this.#bySubject.get(subjectKey(subject)) ?? [];
  }

  rulesOf(role: RoleReference, namespace: string | null): readonly RoleRule[] | null {
    return this.#roles.get(roleKey(role, role.kind === 'Role' ? namespace : null))?.rules ?? null;
  }
}

const subjectKey = ({ kind, name }: BoundSubject): string => `${kind}/${name}`;
/** Unique, as names of roles and namespaces have no slash. */
const roleKey = ({ kind, name }: RoleReference, namespace: string | null): string =>
  `${kind}/${namespace ?? ''}/${name}`;
