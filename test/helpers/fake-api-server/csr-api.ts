import type { Access } from '../../../src/kubernetes/cluster-error.js';
import type { Condition, CsrStorage, StoredCsr } from './csr-storage.js';
import { type NewSpec, validateApproval, validateNewCsr } from './csr-validation.js';
import { ObjectReads } from './object-reads.js';
import type { Rbac, User } from './rbac.js';
import { badRequest, conflict, refusedByAdmission } from './status.js';

/** The body that a client sends as a CertificateSigningRequest. */
interface SentCsr {
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: NewSpec;
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const csrs = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' };
const access = (verb: string, name?: string): Access => ({
  verb,
  ...csrs,
  ...(name === undefined ? {} : { name }),
});

/** certificates.k8s.io/v1 certificatesigningrequests, without the transport. */
export class CsrApi {
  readonly reads: ObjectReads<StoredCsr>;

  constructor(
    private readonly storage: CsrStorage,
    private readonly rbac: Rbac,
  ) {
    const kind = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', ...csrs };
    this.reads = new ObjectReads(kind, storage, rbac, fieldSelector);
  }

  async create(user: User, sent: SentCsr): Promise<StoredCsr> {
    this.rbac.demand(user, access('create'));
    const { name = '', labels, annotations } = sent.metadata ?? {};
    const spec = sent.spec ?? {};
    await validateNewCsr(name, spec);
    return this.storage.create(
      { name, ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) },
      {
        ...(spec as StoredCsr['spec']),
        ...user,
      },
    );
  }

  get(user: User, name: string): StoredCsr {
    this.rbac.demand(user, access('get', name));
    return this.storage.get(name);
  }

  approve(user: User, name: string, sent: SentCsr): StoredCsr {
    this.rbac.demand(user, { ...access('update', name), subresource: 'approval' });
    const old = this.storage.get(name);
    const { uid, resourceVersion, labels, annotations } = sent.metadata ?? {};
    if (uid !== undefined && uid !== old.metadata.uid)
      throw conflict(
        name,
        `StorageError: invalid object, Code: 4, Key: /registry/certificatesigningrequests/${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
      );
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(
        name,
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    const conditions = sent.status?.conditions ?? [];
    validateApproval(old, conditions);
    // The admission plugin CertificateApproval.
    const { signerName } = old.spec;
    const approve = { verb: 'approve', group: 'certificates.k8s.io', resource: 'signers' };
    const domain = `${signerName.split('/')[0] ?? ''}/*`;
    if (![signerName, domain].some((signer) => this.rbac.allows(user, { ...approve, name: signer })))
      throw refusedByAdmission(name, `user not permitted to approve requests with signerName "${signerName}"`);
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    // Metadata that is not sent is removed too. The rest of the object stays unchanged.
    const { labels: _, annotations: __, ...metadata } = old.metadata;
    return this.storage.update({
      ...old,
      metadata: {
        ...metadata,
        ...(labels === undefined ? {} : { labels }),
        ...(annotations === undefined ? {} : { annotations }),
      },
      status: {
        ...old.status,
        conditions: conditions.map((condition) => ({ lastUpdateTime: now, lastTransitionTime: now, ...condition })),
      },
    });
  }

  delete(user: User, name: string, options: { preconditions?: { uid?: string; resourceVersion?: string } }): object {
    this.rbac.demand(user, access('delete', name));
    const { uid } = this.storage.delete(name, options.preconditions).metadata;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, group: 'certificates.k8s.io', kind: 'certificatesigningrequests', uid },
    };
  }
}

function fieldSelector(query: URLSearchParams): (csr: StoredCsr) => boolean {
  const selector = query.get('fieldSelector');
  if (!selector) return () => true;
  const [field = '', value] = selector.split('=', 2);
  if (field === 'spec.signerName') return (csr) => csr.spec.signerName === value;
  if (field === 'metadata.name') return (csr) => csr.metadata.name === value;
  throw badRequest(`field label not supported: ${field}`);
}
