import type { BlastRadius } from '../model/blast-radius.js';
import type { ApiServer } from './api-server.js';
import type { ObjectCollection, WireObject } from './list-objects.js';
import { ObjectWatch, type WatchTimes, type Watching } from './object-watch.js';
import { readBinding, readRole, type WireBinding, type WireRole } from './rbac-wire.js';
import { resolveBlastRadius } from './resolve-blast-radius.js';
import { type Binding, RoleBindingIndex, type RoleDefinition } from './role-binding-index.js';

/** A cluster's roles and bindings, kept at hand. */
export interface RoleBindings {
  /** What the identity could do there. Null where that is not known: not read yet, or out of touch for too long. */
  blastRadius(username: string, groups: readonly string[]): BlastRadius | null;
}

export interface RoleBindingTimes {
  /**
   * Milliseconds for which what was read is believed while nothing more is heard. The API server sends a bookmark every
   * minute, and a watch that is silent for a minute and a half begins anew.
   */
  readonly believed: number;
}

const defaultTimes: RoleBindingTimes = { believed: 180_000 };

/** Four lists and four watches on one cluster, begun at once. They go on until they are stopped, whatever happens. */
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
    /** Told of each break, of the same one once; does not throw itself. */
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

  /** When all four were last known to be complete; null where that is too long ago, or was never. */
  #observedAt(): Date | null {
    const now = this.clock().getTime();
    let earliest = Infinity;
    for (const { completeAt } of this.#watches) {
      // A clock that was put back says nothing about how long it is.
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

/** A cluster that is down, or that forbids this, is asked again and again; that it is so is told once. */
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
