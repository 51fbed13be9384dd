import type { Access } from '../../../src/kubernetes/cluster-error.js';
import { keyOf, type ObjectStorage, type StoredEvent, type StoredObject } from './object-storage.js';
import type { Rbac, User } from './rbac.js';
import { expired, StatusError } from './status.js';

/** The names of a collection of objects. */
export interface ObjectKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly group: string;
  readonly resource: string;
}

/** The readable part of a collection, whatever is in it. */
export interface Reads {
  list(user: User, query: URLSearchParams): object;
  watch(user: User, query: URLSearchParams, send: (event: object) => void): () => void;
  bookmark(): object;
}

/** Lists and watches one collection, without the transport. */
export class ObjectReads<T extends StoredObject> implements Reads {
  constructor(
    readonly kind: ObjectKind,
    private readonly storage: ObjectStorage<T>,
    private readonly rbac: Rbac,
    /** Throws if the collection does not support the query's `fieldSelector`. */
    private readonly selector: (query: URLSearchParams) => (object: T) => boolean = () => () => true,
  ) {}

  list(user: User, query: URLSearchParams): object {
    this.rbac.demand(user, this.#access('list'));
    const selects = this.selector(query);
    const token = readContinue(query);
    if (token !== null && this.storage.isForgotten(token.resourceVersion))
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.',
      );
    const resourceVersion = token === null ? this.storage.resourceVersion : String(token.resourceVersion);
    const all = this.storage
      .list()
      .filter((object) => selects(object) && keyOf(object.metadata) > (token?.after ?? ''));
    const limit = Number(query.get('limit') ?? 0);
    if (limit === 0 || all.length <= limit) return this.#listOf(all, { resourceVersion });
    const page = all.slice(0, limit);
    const last = page.at(-1);
    const next = JSON.stringify({ resourceVersion: Number(resourceVersion), after: last && keyOf(last.metadata) });
    return this.#listOf(page, {
      resourceVersion,
      continue: Buffer.from(next).toString('base64url'),
      remainingItemCount: all.length - limit,
    });
  }

  /** Throws errors that prevent a watch. A forgotten history is an event of the watch instead. */
  watch(user: User, query: URLSearchParams, send: (event: object) => void): () => void {
    this.rbac.demand(user, this.#access('watch'));
    const selects = this.selector(query);
    const sendSelected = (event: StoredEvent<T>) => {
      if (selects(event.object)) send(event);
    };
    const from = query.get('resourceVersion') ?? '';
    try {
      return this.storage.follow(Number(from || this.storage.resourceVersion), sendSelected);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      send({ type: 'ERROR', object: error.body });
      return () => undefined;
    }
  }

  bookmark(): object {
    const { kind, apiVersion } = this.kind;
    const metadata = { resourceVersion: this.storage.resourceVersion, creationTimestamp: null };
    return { type: 'BOOKMARK', object: { kind, apiVersion, metadata } };
  }

  #access(verb: string): Access {
    const { group, resource } = this.kind;
    return { verb, group, resource };
  }

  #listOf(items: readonly T[], metadata: object): object {
    return {
      kind: `${this.kind.kind}List`,
      apiVersion: this.kind.apiVersion,
      metadata,
      // Items of a list do not repeat their kind and version.
      items: items.map((item) => ({ ...item, kind: undefined, apiVersion: undefined })),
    };
  }
}

function readContinue(query: URLSearchParams): { readonly resourceVersion: number; readonly after: string } | null {
  const token = query.get('continue');
  if (!token) return null;
  return JSON.parse(Buffer.from(token, 'base64url').toString()) as { resourceVersion: number; after: string };
}
