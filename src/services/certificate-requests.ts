import type { BlastRadius } from '../model/blast-radius.js';
import type { CertificateRequest, RequestFilter, TimelineEntry } from '../model/certificate-request.js';
import type { Certificate } from '../model/certificate.js';
import type { TraceEntry } from '../model/decision.js';
import type { IdempotencyToken } from '../model/idempotency.js';
import type { Labels } from '../model/labels.js';
import type { Outcome } from '../model/outcome.js';
import type { Page, PageQuery } from '../model/page.js';
import type { Principal } from '../model/principal.js';
import type { KeyAlgorithm } from '../x509/strict/key-algorithm.js';

/** The body of `POST /v1/certificate-requests`, its shape already checked by the route's schema. */
export interface CertificateRequestAsk {
  readonly cluster?: string;
  readonly username?: string;
  readonly groups?: readonly string[];
  /** PEM PKCS#10. */
  readonly csr?: string;
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly expirationSeconds?: number;
  readonly namespace?: string;
  readonly reason?: string;
  readonly labels?: Labels;
  readonly collector?: string;
}

/** The body of `POST /v1/certificates/{fingerprint}/renew`. Everything else is as it is in the certificate. */
export type RenewalAsk = Pick<CertificateRequestAsk, 'csr' | 'keyAlgorithm' | 'expirationSeconds' | 'reason'>;

export interface CertificateRequestFilter extends RequestFilter {
  /** Only pending requests that the calling principal could approve now. A page may be short although more follow. */
  readonly awaiting?: 'me';
}

export interface CertificateRequestView {
  readonly request: CertificateRequest;
  readonly certificate: Certificate | null;
}

/** One request, with the parts that a list leaves out. */
export interface CertificateRequestDetails extends CertificateRequestView {
  readonly timeline: readonly TimelineEntry[];
  /** The trace of its decision, computed again from the facts that were recorded. */
  readonly recomputed: {
    /** Null where it cannot be computed. */
    readonly trace: readonly TraceEntry[] | null;
    /** Why there is no trace, or why it may differ from the original one; null where it does not. */
    readonly note: string | null;
  };
  /** The identity's access on the cluster now; null where it is not known, absent if the caller may not see it. */
  readonly blastRadius?: BlastRadius | null;
}

/** A finished kubeconfig and its request. `yaml` may hold a private key: never log it. */
export interface CollectedKubeconfig {
  readonly request: CertificateRequest;
  readonly certificate: Certificate;
  readonly yaml: string;
}

export interface CertificateRequestService {
  /**
   * Records the request with its decision. A denied one is recorded too and comes back as `policy-denied`.
   * `waitSeconds` (0 … 30) waits for the end of issuing where issuing starts at once.
   */
  create(
    principal: Principal,
    ask: CertificateRequestAsk,
    options: { readonly waitSeconds: number; readonly idempotency: IdempotencyToken | null },
  ): Promise<Outcome<CertificateRequestView>>;
  list(principal: Principal, filter: CertificateRequestFilter, page: PageQuery): Promise<Page<CertificateRequestView>>;
  find(principal: Principal, id: string): Promise<Outcome<CertificateRequestDetails>>;
  approve(principal: Principal, id: string, comment: string | null): Promise<Outcome<CertificateRequestView>>;
  deny(principal: Principal, id: string, comment: string | null): Promise<Outcome<CertificateRequestView>>;
  cancel(principal: Principal, id: string, comment: string | null): Promise<Outcome<CertificateRequestView>>;
  /** The issued certificate; `state-conflict` while there is none. */
  certificate(principal: Principal, id: string): Promise<Outcome<Certificate>>;
  /** A kubeconfig for a caller who holds the key in the file `clientKeyPath`. */
  kubeconfig(principal: Principal, id: string, clientKeyPath: string): Promise<Outcome<CollectedKubeconfig>>;
  /** Generates the key, issues, and answers the complete kubeconfig: the key is in it and nowhere else. */
  collect(principal: Principal, id: string): Promise<Outcome<CollectedKubeconfig>>;
  /** Does `create` and `collect` at once; `awaiting` where a person must decide or another principal collects. */
  createKubeconfig(
    principal: Principal,
    ask: Omit<CertificateRequestAsk, 'csr'>,
    options: { readonly idempotency: IdempotencyToken | null },
  ): Promise<Outcome<CreatedKubeconfig>>;
  /** As `create`, for a new certificate in place of this one. */
  renew(
    principal: Principal,
    fingerprintSha256: string,
    ask: RenewalAsk,
    options: { readonly waitSeconds: number; readonly idempotency: IdempotencyToken | null },
  ): Promise<Outcome<CertificateRequestView>>;
  /** As `createKubeconfig`, for a new certificate in place of this one. */
  renewKubeconfig(
    principal: Principal,
    fingerprintSha256: string,
    ask: Omit<RenewalAsk, 'csr'>,
    options: { readonly idempotency: IdempotencyToken | null },
  ): Promise<Outcome<CreatedKubeconfig>>;
}

/** The kubeconfig; or the request, where a person must decide or somebody else collects. */
export type CreatedKubeconfig =
  | { readonly kind: 'collected'; readonly kubeconfig: CollectedKubeconfig }
  | { readonly kind: 'awaiting'; readonly request: CertificateRequest };
