import type { BlastRadius, BoundSubject, RoleReference, RoleRule } from '../model/blast-radius.js';
import type { ApiServer } from './api-server.js';
import { type ObjectCollection, type WireObject, ObjectWatch, type Watching, type WatchTimes } from './object-watch.js';
import { type Binding, resolveBlastRadius, type RoleDefinition } from './resolve-blast-radius.js';

/** A cluster's roles and bindings, kept up to date in memory. */
export interface RoleBindings {
  /** Resolves what the identity could do in the cluster. Null where that is unknown: not read yet, or out of date. */
  blastRadius(username: string, groups: readonly string[]): BlastRadius | null;
}

export interface RoleBindingTimes {
  /**
   * For how many milliseconds the last reading counts while nothing more is heard. The API server sends a bookmark
   * every minute, and a watch that is silent for a minute and a half begins anew.
   */
  readonly believed: number;
}

const defaultTimes: RoleBindingTimes = { believed: 180_000 };

/** Four lists and four watches on one cluster. They begin at once and go on after every break until `stop`. */
export class KubernetesRoleBindings implements RoleBindings {
  readonly #index = new RoleBindingIndex();
  readonly #watches: readonly {
    readonly completeAt: Date | null;
    start(): void;
    stop(): Promise<void>;
  }[];
  readonly #times: RoleBindingTimes;

  constructor(
    server: ApiServer,
    /** Is told of each break, but of the same one only once. Must not throw. */
    report: (error: unknown) => void,
    private readonly clock: () => Date,
    times: Partial<RoleBindingTimes & WatchTimes> = {},
  ) {
    this.#times = { ...defaultTimes, ...times };
    const watch = <W extends WireObject, T>(resource: RbacResource, kept: Kept<W, T>) =>
      new ObjectWatch(server, { ...kept, ...onceTold(report), collection: collectionOf(resource) }, clock, times);
    this.#watches = [
      watch('clusterroles', this.#roles('ClusterRole')),
      watch('roles', this.#roles('Role')),
      watch('clusterrolebindings', this.#bindings('ClusterRoleBinding')),
      watch('rolebindings', this.#bindings('RoleBinding')),
    ];
    for (const one of this.#watches) one.start();
  }

  blastRadius(username: string, groups: readonly string[]): BlastRadius | null {
    const observedAt = this.#observedAt();
    if (observedAt === null) return null;
    return resolveBlastRadius(username, groups, {
      observedAt,
      bindingsOf: (subject) => this.#index.bindingsOf(subject),
      rulesOf: (role, namespace) => this.#index.rulesOf(role, namespace),
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  /** When all four were last complete; null where that was too long ago, or never. */
  #observedAt(): Date | null {
    const now = this.clock().getTime();
    let earliest = Infinity;
    for (const { completeAt } of this.#watches) {
      // The absolute difference, because the clock may have been set back.
      if (completeAt === null || Math.abs(now - completeAt.getTime()) > this.#times.believed) return null;
      earliest = Math.min(earliest, completeAt.getTime());
    }
    return new Date(earliest);
  }

  #roles(kind: RoleDefinition['kind']): Kept<WireRole, RoleDefinition> {
    return {
      read: (wire) => readRole(kind, wire),
      changed: (role) => this.#index.putRole(role),
      deleted: (role) => this.#index.removeRole(role),
    };
  }

  #bindings(kind: Binding['kind']): Kept<WireBinding, Binding> {
    return {
      read: (wire) => readBinding(kind, wire),
      changed: (binding, previous) => {
        if (previous !== null) this.#index.removeBinding(previous);
        this.#index.addBinding(binding);
      },
      deleted: (binding) => this.#index.removeBinding(binding),
    };
  }
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

interface WireRule {
  readonly verbs?: readonly string[] | null;
  readonly apiGroups?: readonly string[] | null;
  readonly resources?: readonly string[] | null;
  readonly resourceNames?: readonly string[] | null;
  readonly nonResourceURLs?: readonly string[] | null;
}

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
