import { rbacGroup, type RbacResource } from '../../../src/kubernetes/role-bindings.js';
import { defaultRbacObjects, type RbacObject } from '../rbac-objects.js';
import { ObjectReads, type Reads } from './object-reads.js';
import { ObjectStorage, type StoredObject } from './object-storage.js';
import type { Rbac } from './rbac.js';

type StoredRbacObject = RbacObject & StoredObject;

const resources: Readonly<Record<RbacObject['kind'], RbacResource>> = {
  ClusterRole: 'clusterroles',
  Role: 'roles',
  ClusterRoleBinding: 'clusterrolebindings',
  RoleBinding: 'rolebindings',
};

/**
 * rbac.authorization.k8s.io/v1: clients list and watch it, and the test writes to it. The rights that the fake itself
 * enforces are in `Rbac`, not in these objects.
 */
export class RbacApi {
  readonly #storages: Readonly<Record<RbacResource, ObjectStorage<StoredRbacObject>>>;
  /** By the path of the collection. */
  readonly reads: ReadonlyMap<string, Reads>;

  constructor(rbac: Rbac) {
    const storageOf = (kind: RbacResource) => new ObjectStorage<StoredRbacObject>({ group: rbacGroup, kind });
    this.#storages = {
      clusterroles: storageOf('clusterroles'),
      roles: storageOf('roles'),
      clusterrolebindings: storageOf('clusterrolebindings'),
      rolebindings: storageOf('rolebindings'),
    };
    this.reads = new Map(
      Object.entries(resources).map(([kind, resource]) => [
        `/apis/${rbacGroup}/v1/${resource}`,
        new ObjectReads(
          { apiVersion: `${rbacGroup}/v1`, kind, group: rbacGroup, resource },
          this.#storages[resource],
          rbac,
        ),
      ]),
    );
    this.apply(defaultRbacObjects);
  }

  /** Creates them, or changes those that exist. */
  apply(objects: readonly RbacObject[]): void {
    for (const object of objects) {
      const storage = this.#storages[resources[object.kind]];
      const { name, namespace } = object.metadata;
      const there = storage.find(name, namespace);
      if (there === undefined) storage.add(object);
      else storage.update({ ...object, metadata: there.metadata });
    }
  }

  /** The existing objects. */
  delete(objects: readonly RbacObject[]): void {
    for (const { kind, metadata } of objects) {
      const storage = this.#storages[resources[kind]];
      const there = storage.find(metadata.name, metadata.namespace);
      if (there !== undefined) storage.delete(metadata.name, {}, metadata.namespace);
    }
  }

  /** Forgets the history of all four. */
  compact(): void {
    for (const storage of Object.values(this.#storages)) storage.compact();
  }
}
