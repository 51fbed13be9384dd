import { type Access, ClusterConflictError, ClusterNotFoundError, orMissing } from './cluster-error.js';
import type { ApiServer } from './api-server.js';
import { listObjects, type ObjectCollection } from './object-watch.js';

/** The fields of a `CertificateSigningRequest` (certificates.k8s.io/v1) that kubepass reads. */
export interface CsrObject {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAt: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** `spec.request`, decoded from base64: PEM, as the API server demands. */
  readonly request: string;
  readonly signerName: string;
  readonly usages: readonly string[];
  readonly expirationSeconds: number | null;
  /** The creator as the API server authenticated them: `spec.username`, `spec.groups`. */
  readonly username: string;
  readonly groups: readonly string[];
  readonly conditions: readonly CsrCondition[];
  /** `status.certificate`, decoded from base64: PEM, possibly several blocks; null while nothing is signed. */
  readonly certificate: string | null;
}

interface CsrCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastUpdateTime: Date | null;
}

/** A request that kubepass asks a cluster to sign. */
export type NewCsrObject = Pick<CsrObject, 'name' | 'labels' | 'annotations' | 'request' | 'signerName' | 'usages'> & {
  readonly expirationSeconds: number;
};

/** The signer of user certificates, compiled into kube-controller-manager. */
export const kubeApiserverClient = 'kubernetes.io/kube-apiserver-client';

/** The label of our objects that holds the id of the certificate request. */
export const requestIdLabel = 'kubepass/request-id';

/** The label of our objects that holds the id of the log in which their requests are recorded. */
export const instanceLabel = 'kubepass/instance';

/** The reason in the condition Approved that kubepass itself adds. */
export const ownApproval = 'KubepassApproved';

/** Whether nobody has approved, denied or signed it yet. */
export const isUndecided = ({ certificate, conditions }: CsrObject): boolean =>
  certificate === null && conditions.length === 0;

const csrPath = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const csrAccess = (verb: string): Access => ({
  verb,
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
});

/** All CSR objects. */
const allCsrs: ObjectCollection = { path: csrPath, access: csrAccess };

/** The CSR objects for user certificates. */
export const csrsOfUsers: ObjectCollection = { ...allCsrs, fieldSelector: `spec.signerName=${kubeApiserverClient}` };

export type CsrObjects = ReturnType<typeof csrObjectsOf>;

/**
 * The CSR objects of one cluster, read and written through its API server. Every method throws
 * `ClusterUnavailableError` where trying again may help.
 */
export const csrObjectsOf = (server: ApiServer) => ({
  /** Throws `ClusterForbiddenError`, `ClusterRefusedError`, or `ClusterConflictError` where the name is taken. */
  async create(csr: NewCsrObject): Promise<CsrObject> {
    const { name, labels, annotations, request, signerName, usages, expirationSeconds } = csr;
    const created = await server.request({
      method: 'POST',
      path: csrPath,
      access: csrAccess('create'),
      body: {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name, labels, annotations },
        spec: { request: encode(request), signerName, usages, expirationSeconds },
      },
    });
    return fromWire(created as WireCsr);
  },

  async find(name: string): Promise<CsrObject | null> {
    const asked = server.request({ method: 'GET', path: pathOf(name), access: csrAccess('get') });
    const found = (await orMissing(asked)) as WireCsr | null;
    return found && fromWire(found);
  },

  async list(): Promise<readonly CsrObject[]> {
    const { items } = await listObjects(server, allCsrs);
    return (items as readonly WireCsr[]).map(fromWire);
  },

  /** Adds the Approved condition to this very version. Throws `ClusterConflictError` where it has changed or gone. */
  async approve(csr: CsrObject, reason: string, message: string): Promise<CsrObject> {
    const wire = wireOf.get(csr);
    if (wire === undefined) throw new TypeError(`CSR object ${csr.name} does not come from a cluster`);
    const conditions = [...(wire.status?.conditions ?? []), { type: 'Approved', status: 'True', reason, message }];
    try {
      const updated = await server.request({
        method: 'PUT',
        path: `${pathOf(csr.name)}/approval`,
        access: { ...csrAccess('update'), subresource: 'approval' },
        body: { ...wire, status: { ...wire.status, conditions } },
      });
      return fromWire(updated as WireCsr);
    } catch (error) {
      if (error instanceof ClusterNotFoundError) throw new ClusterConflictError(error.message, { cause: error });
      throw error;
    }
  },

  /** Deletes this very version, if the object still exists. Throws `ClusterConflictError` where it has changed. */
  async delete({ name, uid, resourceVersion }: CsrObject): Promise<void> {
    const asked = server.request({
      method: 'DELETE',
      path: pathOf(name),
      access: csrAccess('delete'),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
    });
    await orMissing(asked);
  },
});

const pathOf = (name: string): string => `${csrPath}/${encodeURIComponent(name)}`;

/** The fields of a `CertificateSigningRequest` in JSON that are read here; the object keeps all others. */
export interface WireCsr {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: unknown;
  };
  readonly spec: {
    readonly request: string;
    readonly signerName: string;
    readonly usages?: readonly string[];
    readonly expirationSeconds?: number;
    readonly username?: string;
    readonly groups?: readonly string[];
  };
  readonly status?: {
    readonly conditions?: readonly (Pick<CsrCondition, 'type' | 'status'> & {
      readonly reason?: string;
      readonly message?: string;
      readonly lastUpdateTime?: string;
    })[];
    readonly certificate?: string;
  };
}

/** The JSON behind each object, for as long as the object is in use: an update has to send all of it back. */
const wireOf = new WeakMap<CsrObject, WireCsr>();

/** Reads an object from its JSON. */
export function fromWire(wire: WireCsr): CsrObject {
  const { metadata, spec, status } = wire;
  const csr: CsrObject = {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdAt: new Date(metadata.creationTimestamp),
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    request: decode(spec.request),
    signerName: spec.signerName,
    usages: spec.usages ?? [],
    expirationSeconds: spec.expirationSeconds ?? null,
    username: spec.username ?? '',
    groups: spec.groups ?? [],
    conditions: (status?.conditions ?? []).map(({ type, status: is, reason, message, lastUpdateTime }) => ({
      type,
      status: is,
      reason: reason ?? '',
      message: message ?? '',
      lastUpdateTime: typeof lastUpdateTime === 'string' ? new Date(lastUpdateTime) : null,
    })),
    certificate: status?.certificate === undefined ? null : decode(status.certificate),
  };
  // managedFields is the API server's own book-keeping. An update without it changes nothing there.
  const { managedFields: _, ...rest } = metadata;
  wireOf.set(csr, { ...wire, metadata: rest });
  return csr;
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
