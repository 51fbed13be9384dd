import { may, mayReadCertificate } from '../../identity/permissions.js';
import { done, refused } from '../../model/outcome.js';
import type { CertificateService } from '../../services.js';
import type { IssuanceContext } from '../context.js';

/** The inventory of issued identities, as far as a principal may read it. */
export function certificateService({ store }: IssuanceContext): CertificateService {
  return {
    list(principal, filter, page) {
      const visible = may(principal, 'read-all-certificates') ? filter : { ...filter, visibleTo: principal.name };
      return store.certificates.list(visible, page);
    },

    async find(principal, fingerprintSha256) {
      const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
      const request = certificate && (await store.requests.find(certificate.requestId));
      if (certificate === null || request === null || !mayReadCertificate(principal, request))
        return refused({ kind: 'not-found' });
      return done(certificate);
    },
  };
}
