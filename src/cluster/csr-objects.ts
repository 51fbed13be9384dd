import type { Access } from './access.js';
import type { ApiServer } from './api-server.js';
import { ClusterNotFoundError } from './cluster-error.js';
import { ClusterConflictError, type CsrObject, type CsrObjects, type NewCsrObject } from './csr-object.js';
import { encode, fromWire, toWire, type WireCsr, type WireCsrList } from './csr-wire.js';

export const csrPath = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
export const csrAccess = (verb: string): Access => ({
  verb,
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
});

/** Bounds one answer of the API server; the whole list is as long as it is. */
const PAGE_SIZE = '500';

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
    return (await listCsrs(this.server)).csrs;
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

/** All CSR objects (of one signer, where `signerName` is given), and the version of the list to watch from. */
export async function listCsrs(
  server: ApiServer,
  signerName?: string,
): Promise<{ readonly csrs: readonly CsrObject[]; readonly resourceVersion: string }> {
  const csrs: CsrObject[] = [];
  let page: WireCsrList | undefined;
  do {
    page = (await server.request({
      method: 'GET',
      path: csrPath,
      access: csrAccess('list'),
      query: {
        limit: PAGE_SIZE,
        ...(signerName === undefined ? {} : { fieldSelector: `spec.signerName=${signerName}` }),
        ...(page?.metadata.continue ? { continue: page.metadata.continue } : {}),
      },
    })) as WireCsrList;
    csrs.push(...(page.items ?? []).map(fromWire));
  } while (page.metadata.continue);
  return { csrs, resourceVersion: page.metadata.resourceVersion };
}

const pathOf = (name: string): string => `${csrPath}/${encodeURIComponent(name)}`;
