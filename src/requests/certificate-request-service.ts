import { isParty, may, mayReadCertificate } from '../identity/permissions.js';
import type { AskedCertificates, Certificate, CertificateFilter, ListedCertificate } from '../model/certificate.js';
import { done, refused, type Outcome, type Page, type PageQuery } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { chainOf, type IssuanceContext } from '../context/context.js';
import { inPortions } from '../context/in-portions.js';
import { revokeCertificate } from '../access/revocations.js';
import { collectKubeconfig, createKubeconfig } from './collect-kubeconfig.js';
import { createRequest } from './create-request.js';
import { approveRequest, cancelRequest, denyRequest } from './decide-request.js';
import { renewCertificate } from './renew-certificate.js';
import {
  findCertificateOfRequest,
  findRequest,
  kubeconfigWithKeyPath,
  listRequests,
  RecordedPolicySets,
} from './read-requests.js';

export type CertificateRequestService = ReturnType<typeof certificateRequestService>;
export type CertificateService = ReturnType<typeof certificateService>;

/** The use cases of requests, in their context. */
export function certificateRequestService(context: IssuanceContext) {
  const policySets = new RecordedPolicySets(context);
  return {
    create: createRequest.bind(null, context),
    list: listRequests.bind(null, context),
    find: findRequest.bind(null, context, policySets),
    approve: approveRequest.bind(null, context),
    deny: denyRequest.bind(null, context),
    cancel: cancelRequest.bind(null, context),
    certificate: findCertificateOfRequest.bind(null, context),
    kubeconfig: kubeconfigWithKeyPath.bind(null, context),
    collect: collectKubeconfig.bind(null, context),
    createKubeconfig: createKubeconfig.bind(null, context),
    renew: renewCertificate.bind(null, context),
  };
}

/** The inventory of issued identities, as far as a principal may read it. */
export function certificateService(context: IssuanceContext) {
  const { store } = context;
  const list = async (
    principal: Principal,
    { mine, ...asked }: AskedCertificates,
    page: PageQuery,
  ): Promise<Page<ListedCertificate>> => {
    const filter = await withFingerprints(context, asked);
    const all = !mine && may(principal, 'read-all-certificates');
    const visible = all ? filter : { ...filter, visibleTo: principal.name };
    const { items, nextCursor } = await store.certificates.list({ ...visible, now: context.clock() }, page);
    return { items: all ? items : items.filter((certificate) => isParty(principal, certificate)), nextCursor };
  };
  return {
    list,

    /** All that match, in the order of the list. They are read in portions, each when it is taken. */
    export: (principal: Principal, filter: AskedCertificates) =>
      inPortions(() => Promise.resolve((page: PageQuery) => list(principal, filter, page))),

    async find(principal: Principal, fingerprintSha256: string): Promise<Outcome<Certificate>> {
      const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
      const isReadable = certificate !== null && mayReadCertificate(principal, certificate);
      return isReadable ? done(certificate) : refused({ kind: 'not-found' });
    },

    revoke: revokeCertificate.bind(null, context),

    chainOf: chainOf.bind(null, context),
  };
}

/** With the fingerprints of the issuer; of one that is not recorded there are none. */
async function withFingerprints(
  { store }: Pick<IssuanceContext, 'store'>,
  { issuer, ...filter }: Omit<AskedCertificates, 'mine'>,
): Promise<CertificateFilter> {
  if (issuer === undefined) return filter;
  if (/^[0-9a-f]{64}$/.test(issuer)) return { ...filter, issuer: [issuer] };
  const recorded = filter.cluster === undefined ? [] : await store.issuers.ofCluster(filter.cluster);
  return { ...filter, issuer: recorded.find(({ name }) => name === issuer)?.fingerprints ?? [] };
}
