import type { Access } from './access.js';
import type { ApiServer } from './api-server.js';

/** The JSON fields that Kubernetes objects of every kind have. */
export interface WireObject {
  readonly metadata: {
    readonly name: string;
    /** Absent in objects of the whole cluster. */
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** A collection of objects of one kind. */
export interface ObjectCollection {
  /** Absolute: `/apis/rbac.authorization.k8s.io/v1/clusterroles`. */
  readonly path: string;
  /** E.g. `spec.signerName=kubernetes.io/kube-apiserver-client`; absent: all objects. */
  readonly fieldSelector?: string;
  readonly access: (verb: 'list' | 'watch') => Access;
}

interface WireList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  /** Go writes null for an empty list. */
  readonly items?: readonly WireObject[] | null;
}

/** Objects per answer of the API server. The list as a whole has no bound. */
const PAGE_SIZE = '500';

/** Every object of the collection, and the version of the list to watch from. Throws as `ApiServer.request` does. */
export async function listObjects(
  server: ApiServer,
  { path, fieldSelector, access }: ObjectCollection,
): Promise<{ readonly items: readonly WireObject[]; readonly resourceVersion: string }> {
  const items: WireObject[] = [];
  let page: WireList | undefined;
  do {
    page = (await server.request({
      method: 'GET',
      path,
      access: access('list'),
      query: {
        limit: PAGE_SIZE,
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
        ...(page?.metadata.continue ? { continue: page.metadata.continue } : {}),
      },
    })) as WireList;
    items.push(...(page.items ?? []));
  } while (page.metadata.continue);
  return { items, resourceVersion: page.metadata.resourceVersion };
}
