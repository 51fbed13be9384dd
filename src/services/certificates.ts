import type { Certificate, CertificateFilter, ListedCertificate } from '../model/certificate.js';
import type { Enforcement } from '../model/enforcement.js';
import type { Outcome } from '../model/outcome.js';
import type { Page, PageQuery } from '../model/page.js';
import type { Principal } from '../model/principal.js';
import type { RevocationReason } from '../x509/strict/revocation-reasons.js';

export interface CertificateService {
  list(principal: Principal, filter: CertificateFilter, page: PageQuery): Promise<Page<ListedCertificate>>;
  /** All that match, in the order of the list. They are read in portions, each when it is taken. */
  export(principal: Principal, filter: CertificateFilter): AsyncGenerator<readonly ListedCertificate[], void, void>;
  find(principal: Principal, fingerprintSha256: string): Promise<Outcome<Certificate>>;
  /** Revokes it for good; one that is revoked already is answered as it is. */
  revoke(principal: Principal, fingerprintSha256: string, ask: RevocationAsk): Promise<Outcome<RevokedView>>;
}

export interface RevocationAsk {
  readonly reason: RevocationReason;
  readonly comment: string | null;
}

/** A revoked certificate, and how its cluster refuses it. */
export interface RevokedView {
  readonly certificate: Certificate;
  readonly enforcement: Enforcement;
}
