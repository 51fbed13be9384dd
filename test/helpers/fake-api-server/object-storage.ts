import { randomUUID } from 'node:crypto';
import { alreadyExists, conflict, csrResource, expired, notFound, type StatusResource } from './status.js';

export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
  };
}

export interface StoredEvent<T extends StoredObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** Objects of one kind with one resourceVersion for all of them, and their history until it is compacted. */
export class ObjectStorage<T extends StoredObject> {
  readonly #objects = new Map<string, T>();
  readonly #history: StoredEvent<T>[] = [];
  readonly #listeners = new Set<(event: StoredEvent<T>) => void>();
  #version = 1;
  /** Events up to this version are forgotten. */
  #compacted = 0;

  constructor(private readonly resource: StatusResource = csrResource) {}

  get resourceVersion(): string {
    return String(this.#version);
  }

  /** Writes into a new object only the fields that the API server itself sets. */
  add(object: Omit<T, 'metadata'> & { readonly metadata: { readonly name: string; readonly namespace?: string } }): T {
    if (this.#objects.has(keyOf(object.metadata))) throw alreadyExists(object.metadata.name, this.resource);
    const metadata = {
      ...object.metadata,
      uid: randomUUID(),
      resourceVersion: '',
      creationTimestamp: `${new Date().toISOString().slice(0, 19)}Z`,
    };
    return this.#commit('ADDED', { ...object, metadata } as unknown as T);
  }

  get(name: string, namespace?: string): T {
    const object = this.find(name, namespace);
    if (object === undefined) throw notFound(name, this.resource);
    return object;
  }

  find(name: string, namespace?: string): T | undefined {
    return this.#objects.get(keyOf({ name, namespace }));
  }

  /** Ordered by namespace and name, as etcd lists its keys. */
  list(): readonly T[] {
    return [...this.#objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  update(next: T): T {
    return this.#commit('MODIFIED', next);
  }

  delete(name: string, preconditions: { uid?: string; resourceVersion?: string } = {}, namespace?: string): T {
    const object = this.get(name, namespace);
    const { uid, resourceVersion } = object.metadata;
    if (preconditions.uid !== undefined && preconditions.uid !== uid)
      throw conflict(
        name,
        `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
        this.resource,
      );
    if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion)
      throw conflict(
        name,
        `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
        this.resource,
      );
    return this.#commit('DELETED', object);
  }

  /** Forgets the history: who watches from before now must list again. */
  compact(): void {
    this.#history.length = 0;
    this.#compacted = ++this.#version;
  }

  isForgotten(resourceVersion: number): boolean {
    return resourceVersion < this.#compacted;
  }

  /** Calls back for what has happened after that version, then for what comes. Throws 410 where it is forgotten. */
  follow(resourceVersion: number, listener: (event: StoredEvent<T>) => void): () => void {
    if (this.isForgotten(resourceVersion))
      throw expired(`too old resource version: ${resourceVersion} (${this.#compacted})`);
    for (const event of this.#history)
      if (Number(event.object.metadata.resourceVersion) > resourceVersion) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #commit(type: StoredEvent<T>['type'], next: T): T {
    const object = { ...next, metadata: { ...next.metadata, resourceVersion: String(++this.#version) } };
    if (type === 'DELETED') this.#objects.delete(keyOf(object.metadata));
    else this.#objects.set(keyOf(object.metadata), object);
    this.#history.push({ type, object });
    for (const listener of [...this.#listeners]) listener({ type, object });
    return object;
  }
}

/** The key under which an object stands, as it sorts; no name has a slash in it. */
export const keyOf = ({
  name,
  namespace,
}: {
  readonly name: string;
  readonly namespace?: string | undefined;
}): string => `${namespace ?? ''}/${name}`;
