import { setTimeout as sleep } from 'node:timers/promises';
import { may, mayReadCertificate } from '../../identity/permissions.js';
import type { ListedCertificate } from '../../model/certificate.js';
import { done, refused } from '../../model/outcome.js';
import type { Page } from '../../model/page.js';
import type { CertificateRequestService } from '../../services/certificate-requests.js';
import type { CertificateService } from '../../services/certificates.js';
import type { IssuanceContext } from '../context.js';
import { revokeCertificate } from '../lifecycle/revoke-certificate.js';
import { collectKubeconfig, createKubeconfig } from './collect-kubeconfig.js';
import { createRequest } from './create-request.js';
import { approveRequest, cancelRequest, denyRequest } from './decide-request.js';
import { renewCertificate, renewKubeconfig } from './renew-certificate.js';
import { findCertificateOfRequest, findRequest, kubeconfigWithKeyPath, listRequests } from './read-requests.js';
import { RecordedPolicySets } from '../policies/recompute-trace.js';

export function certificateRequestService(context: IssuanceContext): CertificateRequestService {
  const policySets = new RecordedPolicySets(context);
  return {
    create: (principal, ask, options) => createRequest(context, principal, ask, options),
    list: (principal, filter, page) => listRequests(context, principal, filter, page),
    find: (principal, id) => findRequest(context, policySets, principal, id),
    approve: (principal, id, comment) => approveRequest(context, principal, id, comment),
    deny: (principal, id, comment) => denyRequest(context, principal, id, comment),
    cancel: (principal, id, comment) => cancelRequest(context, principal, id, comment),
    certificate: (principal, id) => findCertificateOfRequest(context, principal, id),
    kubeconfig: (principal, id, clientKeyPath) => kubeconfigWithKeyPath(context, principal, id, clientKeyPath),
    collect: (principal, id) => collectKubeconfig(context, principal, id),
    createKubeconfig: (principal, ask, options) => createKubeconfig(context, principal, ask, options),
    renew: (principal, fingerprint, ask, options) => renewCertificate(context, principal, fingerprint, ask, options),
    renewKubeconfig: (principal, fingerprint, ask, options) =>
      renewKubeconfig(context, principal, fingerprint, ask, options),
  };
}

/** How many certificates of an export are read at once and in memory: the event loop waits a few milliseconds for them. */
const exportedAtOnce = 100;
/** After each portion the event loop is left to others. A hundred thousand certificates take five seconds longer for it. */
const restMilliseconds = 5;

/** The inventory of issued identities, as far as a principal may read it. */
export function certificateService(context: IssuanceContext): CertificateService {
  const { store } = context;
  const list: CertificateService['list'] = (principal, filter, page) => {
    const visible = may(principal, 'read-all-certificates') ? filter : { ...filter, visibleTo: principal.name };
    return store.certificates.list({ ...visible, now: context.clock() }, page);
  };
  return {
    list,

    async *export(principal, filter) {
      let cursor: string | null = null;
      do {
        const page: Page<ListedCertificate> = await list(principal, filter, { limit: exportedAtOnce, cursor });
        if (page.items.length > 0) yield page.items;
        cursor = page.nextCursor;
        if (cursor !== null) await sleep(restMilliseconds);
      } while (cursor !== null);
    },

    async find(principal, fingerprintSha256) {
      const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
      const request = certificate && (await store.requests.find(certificate.requestId));
      if (certificate === null || request === null || !mayReadCertificate(principal, request))
        return refused({ kind: 'not-found' });
      return done(certificate);
    },

    revoke: (principal, fingerprintSha256, ask) => revokeCertificate(context, principal, fingerprintSha256, ask),
  };
}
