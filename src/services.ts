import type { ApiToken, Principal, Requester, Role } from './model/principal.js';
import type { AuditEvent, ChainVerification } from './model/audit-event.js';
import type { BlastRadius } from './model/blast-radius.js';
import type { Certificate } from './model/certificate.js';
import type { CertificateAuthorityBundle, Cluster, ClusterCsr } from './model/cluster.js';
import type { CertificateRequest, TimelineEntry } from './model/certificate-request.js';
import type { StoredClusterProbe } from './model/cluster-probe.js';
import type { Decision, DecisionFacts, TraceEntry } from './model/decision.js';
import type { InspectionFormat, Upload } from './model/inspection.js';
import type { Outcome } from './model/outcome.js';
import type { Page, PageQuery } from './model/page.js';
import type { WebhookDelivery, WebhookDeliveryState } from './model/webhook-delivery.js';
import type { ReplayItem } from './model/replay.js';
import type { KeyAlgorithm } from './x509/strict/key-algorithm.js';

/**
 * What the HTTP edge may call. Every method takes the calling principal and checks what it may do; expected
 * refusals come back as values (`Outcome`), faults are thrown.
 */
export interface Services {
  readonly authenticator: Authenticator;
  readonly certificateRequests: CertificateRequestService;
  readonly certificates: CertificateService;
  readonly clusters: ClusterService;
  readonly policies: PolicyService;
  readonly auditEvents: AuditEventService;
  readonly apiTokens: ApiTokenService;
  readonly inspections: InspectionService;
  readonly webhookDeliveries: WebhookDeliveryService;
  readonly health: HealthService;
  readonly idempotency: IdempotencyService;
}

export interface Authenticator {
  /** The principal behind `Authorization: Bearer <token>`; null where the token is unknown, expired or revoked. */
  authenticate(token: string): Promise<Principal | null>;
}

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
  readonly collector?: string;
}

/** The caller's Idempotency-Key and what it is bound to; recorded with the request, in the same commit. */
export interface IdempotencyToken {
  readonly method: string;
  readonly path: string;
  readonly key: string;
  /** SHA-256 of the raw body, lower-case hex. */
  readonly bodySha256: string;
}

export interface CertificateRequestFilter {
  readonly state?: CertificateRequest['state'];
  readonly cluster?: string;
  readonly username?: string;
  readonly requester?: string;
  /** Only pending ones that the calling principal could approve now. A page may then be short and be followed by more. */
  readonly awaiting?: 'me';
}

export interface CertificateRequestView {
  readonly request: CertificateRequest;
  readonly certificate: Certificate | null;
}

/** One request, with what a list leaves out. */
export interface CertificateRequestDetails extends CertificateRequestView {
  readonly timeline: readonly TimelineEntry[];
  /** Why it was decided as it was. */
  readonly recomputed: {
    /** Null where it cannot be made again. */
    readonly trace: readonly TraceEntry[] | null;
    /** Why there is none, or why it may not be the one of then; null where it is. */
    readonly note: string | null;
  };
  /** What the identity could do on the cluster now; null where that is not known, absent for who may not see it. */
  readonly blastRadius?: BlastRadius | null;
}

/** A kubeconfig on its way out, and the request that it came from. `yaml` may hold a private key: never log it. */
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
  /** `create` and `collect` at once; `awaiting` where a person must decide or somebody else collects. */
  createKubeconfig(
    principal: Principal,
    ask: CertificateRequestAsk,
    options: { readonly idempotency: IdempotencyToken | null },
  ): Promise<
    Outcome<
      | { readonly kind: 'collected'; readonly kubeconfig: CollectedKubeconfig }
      | { readonly kind: 'awaiting'; readonly request: CertificateRequest }
    >
  >;
}

/** A first answer, kept to be given again byte for byte. */
export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface IdempotencyService {
  /**
   * What is known of this key: `new`; an `answer` to give again; `keyCollected` where the answer held a private
   * key; `inFlight`; `otherBody`; or `unanswered`, where the request was recorded but its answer never left (a
   * crash or a 5xx): calling `create` or `createKubeconfig` again with the same token goes on with that request.
   */
  look(
    principal: Principal,
    token: IdempotencyToken,
  ): Promise<
    | { readonly kind: 'new' | 'unanswered' | 'inFlight' | 'otherBody' }
    | { readonly kind: 'answer'; readonly answer: RecordedAnswer }
    | { readonly kind: 'keyCollected'; readonly requestId: string }
  >;
  /** Keeps the first answer; `body` null where it held a private key. Does nothing where no request was recorded. */
  record(
    principal: Principal,
    token: IdempotencyToken,
    answer: {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | null;
    },
  ): Promise<void>;
}

export interface CertificateFilterAsk {
  readonly cluster?: string;
  readonly username?: string;
  readonly group?: string;
  readonly serialNumber?: string;
  readonly expiresBefore?: Date;
  readonly expiresAfter?: Date;
}

export interface CertificateService {
  list(principal: Principal, filter: CertificateFilterAsk, page: PageQuery): Promise<Page<Certificate>>;
  find(principal: Principal, fingerprintSha256: string): Promise<Outcome<Certificate>>;
}

/** A cluster, and what it was last found able to do; null: it was never probed. */
export interface ClusterView {
  readonly cluster: Cluster;
  readonly probe: StoredClusterProbe | null;
}

export interface ClusterService {
  list(principal: Principal): readonly ClusterView[];
  find(principal: Principal, name: string): Outcome<ClusterView>;
  /** Finds out what the cluster is able to do, which takes a certificate; one probe at a time. */
  probe(
    principal: Principal,
    name: string,
    options: { readonly measureLifetimeCap: boolean },
  ): Promise<Outcome<ClusterView>>;
  /** The CSR objects in the cluster by name, whoever made them: those after `after`, at most `limit`. */
  certificateSigningRequests(
    principal: Principal,
    name: string,
    range: { readonly after: string | null; readonly limit: number },
  ): Promise<Outcome<{ readonly items: readonly ClusterCsr[]; readonly more: boolean }>>;
  certificateSigningRequest(principal: Principal, name: string, csrName: string): Promise<Outcome<ClusterCsr>>;
  /** `client` null where the cluster's client CA is not known. */
  certificateAuthorities(
    principal: Principal,
    name: string,
  ): Promise<
    Outcome<{ readonly serving: CertificateAuthorityBundle; readonly client: CertificateAuthorityBundle | null }>
  >;
}

/** A loaded policy or guardrail as it is shown: its name, the file it came from, and its YAML as parsed. */
export interface LoadedPolicy {
  readonly kind: 'Policy' | 'Guardrail';
  readonly name: string;
  readonly path: string;
  readonly spec: unknown;
}

/** A decision on a request that is not made, and what it was made on. */
export interface Evaluation {
  readonly asked: {
    readonly cluster: string;
    readonly username: string;
    readonly groups: readonly string[];
    readonly keyAlgorithm: KeyAlgorithm;
    /** Whether the caller keeps the key. */
    readonly certificationRequest: boolean;
    /** Null where it is left to policy. */
    readonly expirationSeconds: number | null;
    readonly namespace: string | null;
    readonly reason: string | null;
    readonly collector: string;
  };
  readonly requester: Requester;
  readonly decision: Decision;
  readonly facts: DecisionFacts;
  readonly policySetDigest: string;
  /** Whether it was made under policies that are not in force. */
  readonly draft: boolean;
  /** What the identity could do on the cluster now; null where that is not known, absent for who may not see it. */
  readonly blastRadius?: BlastRadius | null;
}

export interface ReplayAsk {
  /** YAML, as in policy files. */
  readonly policies: readonly string[];
  /** Only requests that were created then or later. */
  readonly after?: Date;
  /** Only requests that were created before; default: now. */
  readonly before?: Date;
  readonly cluster?: string;
}

/** A replay that has begun. */
export interface Replay {
  readonly policySetDigest: string;
  readonly after?: Date;
  readonly before: Date;
  readonly cluster?: string;
  /** As they come, some at a time. Ending them early ends the replay. */
  readonly items: AsyncGenerator<readonly ReplayItem[], void, void>;
}

export interface PolicyService {
  list(principal: Principal): { readonly digest: string; readonly items: readonly LoadedPolicy[] };
  /** The JSON Schema of a document of a policy file. */
  schema(): object;
  /**
   * The decision on a request that is not made, under the policies in force or under a draft of others (null: none);
   * leaves only an audit event behind. Throws `PoliciesBusyError` where too many drafts wait.
   */
  evaluate(
    principal: Principal,
    ask: CertificateRequestAsk,
    policies: readonly string[] | null,
  ): Promise<Outcome<Evaluation>>;
  /** What a draft would have decided on the requests of a period. Throws `PoliciesBusyError` where a replay is under way. */
  replay(principal: Principal, ask: ReplayAsk): Promise<Outcome<Replay>>;
}

export interface AuditEventQuery {
  readonly type?: string;
  readonly principal?: string;
  readonly cluster?: string;
  readonly requestId?: string;
  readonly fingerprintSha256?: string;
  readonly after?: Date;
  readonly before?: Date;
}

export interface AuditEventService {
  list(principal: Principal, filter: AuditEventQuery, page: PageQuery): Promise<Outcome<Page<AuditEvent>>>;
  /** Every matching event as its canonical text, oldest first, read in chunks. */
  export(principal: Principal, filter: AuditEventQuery): Outcome<AsyncIterable<string>>;
  verify(principal: Principal): Promise<Outcome<ChainVerification>>;
}

export interface NewApiToken {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly roles: readonly Role[];
  readonly expiresInSeconds?: number;
}

export interface ApiTokenService {
  /** The secret is in this answer and nowhere else. */
  create(
    principal: Principal,
    ask: NewApiToken,
  ): Promise<Outcome<{ readonly token: ApiToken; readonly secret: string }>>;
  list(principal: Principal, page: PageQuery): Promise<Outcome<Page<ApiToken>>>;
  revoke(principal: Principal, id: string): Promise<Outcome<ApiToken>>;
}

export interface InspectionService {
  /**
   * What the upload is, what it says and what is wrong with it, in that media type; nothing of it is kept. Throws
   * `InspectionBusyError` where too many wait.
   */
  inspect(principal: Principal, upload: Upload, format: InspectionFormat): Promise<Outcome<string>>;
}

export interface WebhookDeliveryQuery {
  readonly state?: WebhookDeliveryState;
  readonly webhook?: string;
  readonly requestId?: string;
}

export interface WebhookDeliveryService {
  /** Newest first. */
  list(principal: Principal, filter: WebhookDeliveryQuery, page: PageQuery): Promise<Outcome<Page<WebhookDelivery>>>;
  /** Makes a delivery due at once, however it ended, under the same `webhook-id`. */
  retry(principal: Principal, id: string): Promise<Outcome<WebhookDelivery>>;
}

export interface HealthService {
  /** Throws where the service cannot do its work. */
  ready(): Promise<void>;
}
