import { type Access, ClusterConflictError, ClusterNotFoundError } from './cluster-error.js';
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

export interface CsrCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastUpdateTime: Date | null;
}

/** A request that kubepass asks a cluster to sign. */
export interface NewCsrObject {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** PEM. */
  readonly request: string;
  readonly signerName: string;
  readonly usages: readonly string[];
  readonly expirationSeconds: number;
}

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

/** A cluster's CSR objects. Every method throws `ClusterUnavailableError` where trying again may help. */
export interface CsrObjects {
  /** Throws `ClusterForbiddenError`, `ClusterRefusedError`, or `ClusterConflictError` where the name is taken. */
  create(csr: NewCsrObject): Promise<CsrObject>;
  find(name: string): Promise<CsrObject | null>;
  list(): Promise<readonly CsrObject[]>;
  /** Adds the Approved condition to this very version. Throws `ClusterConflictError` where it has changed or gone. */
  approve(csr: CsrObject, reason: string, message: string): Promise<CsrObject>;
  /** Deletes this very version, if the object still exists. Throws `ClusterConflictError` where it has changed. */
  delete(csr: CsrObject): Promise<void>;
}

/** One watch on a cluster's CSR objects, shared by all who wait for one of them. */
export interface CsrWatch {
  /**
   * Answers as soon as `settled` is true of the object's latest version (null: it was deleted), known already or still
   * to come; or at `deadline`. Survives breaks of the connection and lists anew after 410. An object that was never
   * seen does not count as deleted: the wait goes on until it appears.
   */
  waitFor(name: string, settled: (csr: CsrObject | null) => boolean, deadline: Date): Promise<Waited>;
  /** Calls the listener for every object, once per version, beginning with those that are known already. */
  subscribe(listener: (csr: CsrObject) => void): () => void;
  /** Calls the listener each time the watch is established again after a break. */
  onReconnect(listener: () => void): () => void;
  stop(): Promise<void>;
}

export type Waited = { readonly kind: 'settled'; readonly csr: CsrObject | null } | { readonly kind: 'deadline' };

const csrPath = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const csrAccess = (verb: string): Access => ({
  verb,
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
});

/** All CSR objects, or those of one signer. */
export const csrCollection = (signerName?: string): ObjectCollection => ({
  path: csrPath,
  access: csrAccess,
  ...(signerName === undefined ? {} : { fieldSelector: `spec.signerName=${signerName}` }),
});

/** The CSR objects of one cluster, read and written through its API server. */
export class KubernetesCsrObjects implements CsrObjects {
  constructor(private readonly server: ApiServer) {}

  async create(csr: NewCsrObject): Promise<CsrObject> {
    const created = await this.server.request({
      method: 'POST',
      path: csrPath,
      access: csrAccess('create'),
      body: {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name: csr.name, labels: csr.labels, annotations: csr.annotations },
        spec: {
          request: encode(csr.request),
          signerName: csr.signerName,
          usages: csr.usages,
          expirationSeconds: csr.expirationSeconds,
        },
      },
    });
    return fromWire(created as WireCsr);
  }

  async find(name: string): Promise<CsrObject | null> {
    try {
      return fromWire(
        (await this.server.request({ method: 'GET', path: pathOf(name), access: csrAccess('get') })) as WireCsr,
      );
    } catch (error) {
      if (error instanceof ClusterNotFoundError) return null;
      throw error;
    }
  }

  async list(): Promise<readonly CsrObject[]> {
    const { items } = await listObjects(this.server, csrCollection());
    return (items as readonly WireCsr[]).map(fromWire);
  }

  async approve(csr: CsrObject, reason: string, message: string): Promise<CsrObject> {
    const wire = toWire(csr);
    const approved = { type: 'Approved', status: 'True', reason, message };
    const update: WireCsr = {
      ...wire,
      status: { ...wire.status, conditions: [...(wire.status?.conditions ?? []), approved] },
    };
    try {
      const updated = await this.server.request({
        method: 'PUT',
        path: `${pathOf(csr.name)}/approval`,
        access: { ...csrAccess('update'), subresource: 'approval' },
        body: update,
      });
      return fromWire(updated as WireCsr);
    } catch (error) {
      if (error instanceof ClusterNotFoundError) throw new ClusterConflictError(error.message, { cause: error });
      throw error;
    }
  }

  async delete({ name, uid, resourceVersion }: CsrObject): Promise<void> {
    try {
      await this.server.request({
        method: 'DELETE',
        path: pathOf(name),
        access: csrAccess('delete'),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
      });
    } catch (error) {
      if (!(error instanceof ClusterNotFoundError)) throw error;
    }
  }
}

const pathOf = (name: string): string => `${csrPath}/${encodeURIComponent(name)}`;

/** The fields of a `CertificateSigningRequest` in JSON that are read here; the object keeps all others. */
export interface WireCsr {
  readonly metadata: WireMetadata;
  readonly spec: {
    readonly request: string;
    readonly signerName: string;
    readonly usages?: readonly string[];
    readonly expirationSeconds?: number;
    readonly username?: string;
    readonly groups?: readonly string[];
  };
  readonly status?: { readonly conditions?: readonly WireCondition[]; readonly certificate?: string };
}

interface WireMetadata {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: unknown;
}

interface WireCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastUpdateTime?: string;
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
    conditions: (status?.conditions ?? []).map(condition),
    certificate: status?.certificate === undefined ? null : decode(status.certificate),
  };
  // managedFields is the API server's own book-keeping. An update without it changes nothing there.
  const { managedFields: _, ...rest } = metadata;
  wireOf.set(csr, { ...wire, metadata: rest });
  return csr;
}

/** The JSON that `csr` was read from. Throws where `fromWire` did not make it. */
function toWire(csr: CsrObject): WireCsr {
  const wire = wireOf.get(csr);
  if (wire === undefined) throw new TypeError(`CSR object ${csr.name} does not come from a cluster`);
  return wire;
}

function condition(wire: WireCondition): CsrCondition {
  return {
    type: wire.type,
    status: wire.status,
    reason: wire.reason ?? '',
    message: wire.message ?? '',
    lastUpdateTime: typeof wire.lastUpdateTime === 'string' ? new Date(wire.lastUpdateTime) : null,
  };
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
