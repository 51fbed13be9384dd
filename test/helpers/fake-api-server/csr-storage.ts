import { randomUUID } from 'node:crypto';
import { alreadyExists, conflict, expired, notFound } from './status.js';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastUpdateTime?: string;
  readonly lastTransitionTime?: string;
}

/** A CertificateSigningRequest as the API server keeps it; never changed in place. */
export interface StoredCsr {
  readonly apiVersion: 'certificates.k8s.io/v1';
  readonly kind: 'CertificateSigningRequest';
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly request: string;
    readonly signerName: string;
    readonly expirationSeconds?: number;
    readonly usages: readonly string[];
    readonly username: string;
    readonly uid?: string;
    readonly groups: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly status: { readonly conditions?: readonly Condition[]; readonly certificate?: string };
}

export interface StoredEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredCsr;
}

/** Objects with one resourceVersion for all of them, and their history until it is compacted. */
export class CsrStorage {
  readonly #objects = new Map<string, StoredCsr>();
  readonly #history: StoredEvent[] = [];
  readonly #listeners = new Set<(event: StoredEvent) => void>();
  #version = 1;
  /** What happened up to here is forgotten. */
  #compacted = 0;

  get resourceVersion(): string {
    return String(this.#version);
  }

  create(metadata: Pick<StoredCsr['metadata'], 'name' | 'labels' | 'annotations'>, spec: StoredCsr['spec']): StoredCsr {
    const { name } = metadata;
    if (this.#objects.has(name)) throw alreadyExists(name);
    return this.#commit('ADDED', {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: {
        ...metadata,
        uid: randomUUID(),
        resourceVersion: '',
        creationTimestamp: `${new Date().toISOString().slice(0, 19)}Z`,
      },
      spec,
      status: {},
    });
  }

  get(name: string): StoredCsr {
    const object = this.#objects.get(name);
    if (object === undefined) throw notFound(name);
    return object;
  }

  find(name: string): StoredCsr | undefined {
    return this.#objects.get(name);
  }

  /** Ordered by name, as etcd lists its keys. */
  list(): readonly StoredCsr[] {
    return [...this.#objects.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  setStatus(name: string, status: StoredCsr['status']): StoredCsr {
    return this.update({ ...this.get(name), status });
  }

  update(next: StoredCsr): StoredCsr {
    return this.#commit('MODIFIED', next);
  }

  delete(name: string, preconditions: { uid?: string; resourceVersion?: string } = {}): StoredCsr {
    const object = this.get(name);
    const { uid, resourceVersion } = object.metadata;
    if (preconditions.uid !== undefined && preconditions.uid !== uid)
      throw conflict(
        name,
        `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
      );
    if (preconditions.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion)
      throw conflict(
        name,
        `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
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
  follow(resourceVersion: number, listener: (event: StoredEvent) => void): () => void {
    if (this.isForgotten(resourceVersion))
      throw expired(`too old resource version: ${resourceVersion} (${this.#compacted})`);
    for (const event of this.#history)
      if (Number(event.object.metadata.resourceVersion) > resourceVersion) listener(event);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #commit(type: StoredEvent['type'], next: StoredCsr): StoredCsr {
    const object = { ...next, metadata: { ...next.metadata, resourceVersion: String(++this.#version) } };
    if (type === 'DELETED') this.#objects.delete(object.metadata.name);
    else this.#objects.set(object.metadata.name, object);
    this.#history.push({ type, object });
    for (const listener of [...this.#listeners]) listener({ type, object });
    return object;
  }
}
