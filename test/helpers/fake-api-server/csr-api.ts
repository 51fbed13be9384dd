import type { Access } from '../../../src/cluster/access.js';
import type { Condition, CsrStorage, StoredCsr, StoredEvent } from './csr-storage.js';
import { type NewSpec, validateApproval, validateNewCsr } from './csr-validation.js';
import type { Rbac, User } from './rbac.js';
import { badRequest, conflict, expired, refusedByAdmission, StatusError } from './status.js';

/** What a client sends as a CertificateSigningRequest. */
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

const access = (verb: string, name?: string): Access => ({
  verb,
  group: 'certificates.k8s.io',
  resource: 'certificatesigningrequests',
  ...(name === undefined ? {} : { name }),
});

const list = (items: readonly StoredCsr[], metadata: object) => ({
  kind: 'CertificateSigningRequestList',
  apiVersion: 'certificates.k8s.io/v1',
  metadata,
  // Within a list, items do not repeat what they are.
  items: items.map(({ kind: _, apiVersion: __, ...item }) => item),
});

/** certificates.k8s.io/v1 certificatesigningrequests, without the transport. */
export class CsrApi {
  constructor(
    private readonly storage: CsrStorage,
    private readonly rbac: Rbac,
  ) {}

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

  list(user: User, query: URLSearchParams): object {
    this.rbac.demand(user, access('list'));
    const selects = fieldSelector(query);
    const token = readContinue(query);
    if (token !== null && this.storage.isForgotten(token.resourceVersion))
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results.',
      );
    const resourceVersion = token === null ? this.storage.resourceVersion : String(token.resourceVersion);
    const all = this.storage.list().filter((object) => selects(object) && object.metadata.name > (token?.after ?? ''));
    const limit = Number(query.get('limit') ?? 0);
    if (limit === 0 || all.length <= limit) return list(all, { resourceVersion });
    const page = all.slice(0, limit);
    const next = JSON.stringify({ resourceVersion: Number(resourceVersion), after: page.at(-1)?.metadata.name });
    return list(page, {
      resourceVersion,
      continue: Buffer.from(next).toString('base64url'),
      remainingItemCount: all.length - limit,
    });
  }

  /** Throws what ends a watch before it begins; the history that is forgotten is an event of the watch. */
  watch(user: User, query: URLSearchParams, send: (event: object) => void): () => void {
    this.rbac.demand(user, access('watch'));
    const selects = fieldSelector(query);
    const sendSelected = (event: StoredEvent) => {
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
    // Of metadata, too, what is not sent is gone; the rest of the object stays as it was.
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

function readContinue(query: URLSearchParams): { readonly resourceVersion: number; readonly after: string } | null {
  const token = query.get('continue');
  if (!token) return null;
  return JSON.parse(Buffer.from(token, 'base64url').toString()) as { resourceVersion: number; after: string };
}
