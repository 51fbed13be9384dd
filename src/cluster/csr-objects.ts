import type { Access } from './access.js';
import type { ApiServer } from './api-server.js';
import { ClusterNotFoundError } from './cluster-error.js';
import { ClusterConflictError, type CsrObject, type CsrObjects, type NewCsrObject } from './csr-object.js';
import { encode, fromWire, toWire, type WireCsr } from './csr-wire.js';
import { listObjects, type ObjectCollection } from './list-objects.js';

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

/** The CSR objects of one cluster, by way of its API server. */
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
