import type { ApiToken, Principal, Requester, Role } from './model/principal.js';
import type { Authentication, Credential, WayIn } from './model/authentication.js';
import type { LoginAttempt, LoginBegun, LoginFinished } from './model/login.js';
import type { OfferedSignIns } from './model/offered-sign-ins.js';
import type { Session } from './model/session.js';
import type { AuditEventFilter, AuditEventPage, ChainVerification } from './model/audit-event.js';
import type { BudgetName, BudgetStates, BudgetUse, SpentBudget } from './model/budget.js';
import type { BlastRadius } from './model/blast-radius.js';
import type { Certificate, CertificateFilter, ListedCertificate } from './model/certificate.js';
import type { CertificateRequest, RequestFilter, TimelineEntry } from './model/certificate-request.js';
import type { Cluster, ClusterCsr, CertificateAuthorityBundle } from './model/cluster.js';
import type { StoredClusterProbe } from './model/cluster-probe.js';
import type { Decision, DecisionFacts, TraceEntry } from './model/decision.js';
import type {
  DirectoryGroup,
  DirectoryGroupAttributes,
  DirectoryMember,
  DirectoryOutcome,
  DirectoryPage,
  DirectoryRange,
  DirectoryUser,
  DirectoryUserAttributes,
  GroupCondition,
  MembershipChange,
  SupposedInDirectory,
  SupposedUser,
  UserCondition,
} from './model/directory.js';
import type { Enforcement, PublicAddress } from './model/enforcement.js';
import type { HealthReport } from './model/health.js';
import type { IdempotencyToken, IdempotentAnswer } from './model/idempotency.js';
import type {
  BlockAsk,
  Identity,
  IdentityDetails,
  IdentityFilter,
  ResidualExposure,
  UnblockAsk,
} from './model/identity.js';
import type { InspectionFormat, Upload } from './model/inspection.js';
import type { Labels } from './model/labels.js';
import type { MetricsText } from './model/measures.js';
import type { Outcome } from './model/outcome.js';
import type { Page, PageQuery } from './model/page.js';
import type { WebhookDelivery, WebhookDeliveryFilter } from './model/webhook-delivery.js';
import type { Renewal } from './model/renewal.js';
import type { Restoration } from './model/restoration.js';
import type { RecordedRequestRange, ReplayItem } from './model/replay.js';
import type { RevocationReason } from './model/revocation.js';
import type { KeyAlgorithm } from './x509/strict/key-algorithm.js';

/**
 * The use cases that the HTTP edge calls. Every method takes the calling principal and checks its permissions. Expected
 * refusals are values (`Outcome`); faults are thrown.
 */
export interface Services {
  readonly scim: ScimService;
  readonly directoryUsers: DirectoryUserService;
  readonly authenticator: Authenticator;
  readonly certificateRequests: CertificateRequestService;
  readonly certificates: CertificateService;
  readonly identities: IdentityService;
  readonly clusters: ClusterService;
  readonly policies: PolicyService;
  readonly auditEvents: AuditEventService;
  readonly apiTokens: ApiTokenService;
  readonly sessions: SessionService;
  /** Public: how programs sign in. */
  readonly offeredSignIns: OfferedSignIns;
  readonly logins: LoginService;
  readonly enforcement: EnforcementService;
  readonly inspections: InspectionService;
  readonly webhookDeliveries: WebhookDeliveryService;
  readonly metrics: MetricsService;
  readonly restored: RestoredService;
  readonly health: HealthService;
  readonly idempotency: IdempotencyService;
  readonly budgets: BudgetService;
  /** The time of the service, for views of what ends by itself. */
  readonly clock: () => Date;
}

export interface MetricsService {
  /** For auditors and admins. */
  read(principal: Principal): Promise<Outcome<MetricsText>>;
}

/** Finds out who a caller is, whatever the way in. */
export interface Authenticator extends WayIn<Credential> {
  /** The reviewer behind the token, from memory; null for the token of anybody else. Never throws. */
  authenticateReviewer(token: string): Promise<Principal | null>;
  /**
   * Takes the proof by which this caller came, once, for a call with this DER certification request; null: the call has
   * none. Answers why the proof does not count; null where it does, and for callers who came in another way.
   */
  useProof(principal: Principal, csr: Uint8Array | null): Promise<Authentication | null>;
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
  readonly labels?: Labels;
  readonly collector?: string;
}

/** The body of `POST /v1/certificates/{fingerprint}/renew`. Everything else is as it is in the certificate. */
export type RenewalAsk = Pick<CertificateRequestAsk, 'csr' | 'keyAlgorithm' | 'expirationSeconds' | 'reason'>;

/** A request to try out. With `renewalOf`, the fingerprint of a certificate, it has the members of a renewal alone. */
export type EvaluationAsk = CertificateRequestAsk & {
  readonly renewalOf?: string;
  /** Supposed of the username. */
  readonly directory?: SupposedInDirectory;
};

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

export interface IdempotencyService {
  /**
   * Looks the key up: `new`; an `answer` to repeat; `keyCollected` where the answer held a private key; `inFlight`;
   * `otherBody`; or `unanswered`, where the request was recorded and its answer was never sent (a crash or a 5xx). Then
   * `create` or `createKubeconfig` with the same token continues that request.
   */
  look(
    principal: Principal,
    token: IdempotencyToken,
  ): Promise<
    | { readonly kind: 'new' | 'unanswered' | 'inFlight' | 'otherBody' }
    | { readonly kind: 'answer'; readonly answer: IdempotentAnswer & { readonly body: string } }
    | { readonly kind: 'keyCollected'; readonly requestId: string }
  >;
  /** Keeps the first answer. Does nothing where no request was recorded. */
  record(principal: Principal, token: IdempotencyToken, answer: IdempotentAnswer): Promise<void>;
}

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

export interface IdentityService {
  /** By username; with `blocked: true` in the order of the usernames as names are compared. */
  list(principal: Principal, filter: IdentityFilter, page: PageQuery): Promise<Outcome<Page<Identity>>>;
  find(principal: Principal, username: string): Promise<Outcome<IdentityDetails>>;
  /** It never makes a block shorter or narrower. Answers what is left. */
  block(principal: Principal, username: string, ask: BlockAsk): Promise<Outcome<IdentityDetails>>;
  /** Revives nothing. */
  unblock(principal: Principal, username: string, ask: UnblockAsk): Promise<Outcome<IdentityDetails>>;
}

/** The directory, as an identity provider changes it over SCIM. Callers ask `whyNot` first. */
export interface ScimService {
  /** How others reach the service; null where that is not known. */
  readonly address: string | null;
  /** Why the caller may not use it; null where it may. */
  whyNot(principal: Principal): string | null;
  user(id: string): Promise<DirectoryOutcome<DirectoryUser>>;
  users(conditions: readonly UserCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryUser>>;
  /** Somebody who left and comes back under the same `externalId` is changed, not made. */
  createUser(principal: Principal, attributes: DirectoryUserAttributes): Promise<DirectoryOutcome<DirectoryUser>>;
  /** `version` null: whichever there is. `change` may throw. */
  changeUser(
    principal: Principal,
    id: string,
    version: number | null,
    change: (before: DirectoryUserAttributes) => DirectoryUserAttributes,
  ): Promise<DirectoryOutcome<DirectoryUser>>;
  deleteUser(principal: Principal, id: string, version: number | null): Promise<DirectoryOutcome<null>>;
  group(id: string): Promise<DirectoryOutcome<DirectoryGroup>>;
  groups(conditions: readonly GroupCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryGroup>>;
  /** The first members of a group. */
  members(groupId: string, limit: number): Promise<readonly DirectoryMember[]>;
  createGroup(
    principal: Principal,
    attributes: DirectoryGroupAttributes,
    members: readonly string[],
  ): Promise<DirectoryOutcome<DirectoryGroup>>;
  changeGroup(
    principal: Principal,
    id: string,
    version: number | null,
    change: {
      readonly attributes: Partial<DirectoryGroupAttributes>;
      readonly members: readonly MembershipChange[];
    },
  ): Promise<DirectoryOutcome<DirectoryGroup>>;
  deleteGroup(principal: Principal, id: string, version: number | null): Promise<DirectoryOutcome<null>>;
}

/** A person in the directory. */
export interface DirectoryUserView {
  readonly user: DirectoryUser;
  readonly groups: readonly DirectoryGroup[];
  /** Why the person is nobody's username; null where they are. */
  readonly whyNoUsername: string | null;
}

export interface DirectoryUserDetails extends DirectoryUserView {
  /** Live certificates with groups that only the directory gives, and gives to this person no longer. */
  readonly lostGroups: readonly {
    readonly cluster: string;
    readonly fingerprintSha256: string;
    readonly groups: readonly string[];
  }[];
  readonly consequences: {
    /** Ids; the first ones. */
    readonly cancelledRequests: readonly string[];
    readonly revokedTokens: readonly string[];
    /** Tokens in the person's name that go on: without them no admin would be left. */
    readonly keptTokens: readonly string[];
    readonly tokensMade: readonly ApiToken[];
    readonly requestedForOthers: readonly ListedCertificate[];
    readonly residualExposure: readonly ResidualExposure[];
  };
}

/** The people in the directory, for people. */
export interface DirectoryUserService {
  /** Listed ones, oldest first. */
  list(
    principal: Principal,
    filter: { readonly active?: boolean; readonly userName?: string; readonly username?: string },
    page: PageQuery,
  ): Promise<Outcome<Page<DirectoryUserView>>>;
  /** One who was deleted too. */
  find(principal: Principal, id: string): Promise<Outcome<DirectoryUserDetails>>;
  /** Says of a user whose name was somebody else's that the name is theirs now. */
  confirm(principal: Principal, id: string): Promise<Outcome<DirectoryUserDetails>>;
}

/** A cluster and its last probe; null: it was never probed. */
export interface ClusterView {
  readonly cluster: Cluster;
  readonly probe: StoredClusterProbe | null;
}

/** A CRL (RFC 5280 section 5). */
export interface CertificateList {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly nextUpdate: Date;
  readonly number: bigint;
}

export interface ClusterService {
  /** The revoked certificates of the cluster's CA, for anybody; `certificate-conflict` where kubepass cannot sign a list. */
  certificateList(name: string): Promise<Outcome<CertificateList>>;
  list(principal: Principal): readonly ClusterView[];
  find(principal: Principal, name: string): Outcome<ClusterView>;
  /** The parts of a kubeconfig for the kubectl plugin. `publicAddress` null: it is not known how callers reach us. */
  execKubeconfig(
    principal: Principal,
    name: string,
  ): Outcome<{ readonly cluster: Cluster; readonly publicAddress: PublicAddress | null }>;
  /** Finds out what the cluster can do, for which it issues a certificate; one probe at a time. */
  probe(
    principal: Principal,
    name: string,
    options: { readonly measureLifetimeCap: boolean; readonly verifyRevocation?: boolean },
  ): Promise<Outcome<ClusterView>>;
  /** The CSR objects in the cluster in the order of their names, whoever created them: at most `limit` behind `after`. */
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

/** A loaded policy or guardrail: its name, its file, and its parsed YAML. */
export interface LoadedPolicy {
  readonly kind: 'Policy' | 'Guardrail';
  readonly name: string;
  readonly path: string;
  readonly spec: unknown;
}

/** The decision on a hypothetical request, and everything that it rests on. */
export interface Evaluation {
  readonly asked: {
    readonly cluster: string;
    readonly username: string;
    readonly groups: readonly string[];
    readonly keyAlgorithm: KeyAlgorithm;
    /** Whether the caller keeps the key. */
    readonly certificationRequest: boolean;
    /** Null where policy chooses it. */
    readonly expirationSeconds: number | null;
    readonly namespace: string | null;
    readonly reason: string | null;
    readonly labels: Labels;
    readonly collector: string;
    /** The certificate that it renews. */
    readonly renewal: Renewal | null;
  };
  readonly requester: Requester;
  readonly decision: Decision;
  readonly facts: DecisionFacts;
  readonly policySetDigest: string;
  /** Whether it was decided under policies that are not in force. */
  readonly draft: boolean;
  /** The identity's access on the cluster now; null where it is not known, absent if the caller may not see it. */
  readonly blastRadius?: BlastRadius | null;
}

/** A draft, and the requests that it decides again. The default of `before` is now. */
export interface ReplayAsk extends Partial<RecordedRequestRange> {
  /** YAML, as in policy files. */
  readonly policies: readonly string[];
  /** Supposed of these usernames, in place of what the directory told when their requests were decided. */
  readonly directory?: readonly SupposedUser[];
}

/** A replay that has begun. */
export interface Replay extends RecordedRequestRange {
  readonly policySetDigest: string;
  /** The items as they are found, several at a time. Ending the generator early ends the replay. */
  readonly items: AsyncGenerator<readonly ReplayItem[], void, void>;
}

export interface PolicyService {
  list(principal: Principal): { readonly digest: string; readonly items: readonly LoadedPolicy[] };
  /** The JSON Schema of a document of a policy file. */
  schema(): object;
  /**
   * Decides on a hypothetical request, under the policies in force (null) or under a draft. It leaves only an audit event
   * behind. Throws `PoliciesBusyError` where too many drafts wait.
   */
  evaluate(principal: Principal, ask: EvaluationAsk, policies: readonly string[] | null): Promise<Outcome<Evaluation>>;
  /** Decides the requests of a period again under a draft. Throws `PoliciesBusyError` while another replay runs. */
  replay(principal: Principal, ask: ReplayAsk): Promise<Outcome<Replay>>;
}

export interface AuditEventService {
  list(principal: Principal, filter: AuditEventFilter, page: PageQuery): Promise<Outcome<AuditEventPage>>;
  /** The canonical text of every matching event in the database, oldest first, read in chunks. */
  export(principal: Principal, filter: AuditEventFilter): Promise<Outcome<AuditExport>>;
  verify(principal: Principal): Promise<Outcome<ChainVerification>>;
  /** Every event in the database with its two hashes, oldest first, and at the end the last checkpoint that vouches for them. */
  exportWithHashes(principal: Principal): Promise<Outcome<AuditExport>>;
  /** The last checkpoint as a signed note; `not-found` for a log without events. */
  checkpoint(principal: Principal): Promise<Outcome<string>>;
  /** The keys that sign checkpoints, or did. */
  checkpointKeys(principal: Principal): Promise<Outcome<readonly CheckpointKeyView[]>>;
  /** Proves that an event is in the log of this size; default: the size of the last checkpoint. */
  inclusionProof(
    principal: Principal,
    seq: number,
    size?: number,
  ): Promise<Outcome<LogProof & { readonly index: number }>>;
  /** Proves that the log of the one size is the beginning of the log of the other. */
  consistencyProof(principal: Principal, from: number, to: number): Promise<Outcome<LogProof>>;
}

/** Lines without their line feeds. Reading them fails where events are archived meanwhile, so that they never have a gap. */
export interface AuditExport {
  /** The first event that the database shows: those before it are in archives. */
  readonly firstSeq: number;
  readonly lines: AsyncIterable<string>;
}

/** Hashes of 32 octets in the order of RFC 9162, for the log of `size` events. */
export interface LogProof {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

export interface CheckpointKeyView {
  /** The public key in the form of C2SP signed-note. */
  readonly key: string;
  readonly validFrom: Date;
  /** When it was taken away; null while it signs. */
  readonly validUntil: Date | null;
}

export interface NewApiToken {
  readonly name: string;
  readonly groups?: readonly string[];
  readonly roles: readonly Role[];
  readonly expiresInSeconds?: number | null;
  readonly cluster?: string;
}

export interface ApiTokenService {
  /** The secret is in this answer and is stored nowhere. */
  create(
    principal: Principal,
    ask: NewApiToken,
  ): Promise<Outcome<{ readonly token: ApiToken; readonly secret: string }>>;
  list(principal: Principal, page: PageQuery): Promise<Outcome<Page<ApiToken>>>;
  revoke(principal: Principal, id: string): Promise<Outcome<ApiToken>>;
}

/** Browsers that signed in. */
export interface SessionService {
  /** Those that are live, newest first: the caller's own, for an admin everybody's. */
  list(principal: Principal, page: PageQuery): Promise<Page<Session>>;
  /** `current`: the session by which the caller came. */
  end(principal: Principal, id: string): Promise<Outcome<Session>>;
}

/** How people sign in with their browsers. */
export interface LoginService {
  /** The names of the issuers by which they do. */
  readonly issuers: readonly string[];
  /** `issuer`: one of them. `returnTo`: where the browser goes when it is signed in, a path of this service. */
  begin(issuer: string, returnTo: string): Promise<LoginBegun>;
  /** `query`: that of the address to which the identity provider sent the browser. */
  finish(attempt: LoginAttempt, query: string): Promise<LoginFinished>;
}

/** How clusters are made to refuse revoked certificates. */
export interface EnforcementService {
  /** Judges a request to the cluster by the extras of its user, from memory. Never throws. */
  review(
    principal: Principal,
    cluster: string,
    extra: Readonly<Record<string, readonly string[]>>,
  ): Outcome<{ readonly denied: true; readonly reason: string } | { readonly denied: false }>;
  /** YAML for `--authorization-config`. `mode` absent: that of the configuration. `directory`: see its renderer. */
  authorizationConfiguration(
    principal: Principal,
    cluster: string,
    options: { readonly mode?: 'webhook' | 'listed'; readonly directory: string },
  ): Promise<Outcome<string>>;
  /** The kubeconfig that this file names. It holds no token. */
  webhookKubeconfig(principal: Principal, cluster: string, options: { readonly directory: string }): Outcome<string>;
  /** Manifests of the admission policy. */
  revocationPolicy(principal: Principal, cluster: string): Outcome<string>;
}

export interface InspectionService {
  /**
   * Describes the upload, its content and its problems in the given media type, and keeps nothing of it. Throws
   * `InspectionBusyError` where too many uploads wait.
   */
  inspect(principal: Principal, upload: Upload, format: InspectionFormat): Promise<Outcome<string>>;
}

export interface WebhookDeliveryService {
  /** Newest first. */
  list(principal: Principal, filter: WebhookDeliveryFilter, page: PageQuery): Promise<Outcome<Page<WebhookDelivery>>>;
  /** Makes a delivery due at once, however it ended. It keeps its `webhook-id`. */
  retry(principal: Principal, id: string): Promise<Outcome<WebhookDelivery>>;
}

/** Tells that the database was put back from a backup, and of what may be unknown therefore. */
export interface RestoredService {
  /** For auditors and admins. */
  read(principal: Principal): Promise<Outcome<RestoredState>>;
  /** An admin knows: `restored` is false from now on. Acknowledging what is acknowledged changes nothing. */
  acknowledge(principal: Principal): Promise<Outcome<RestoredState>>;
}

export interface RestoredState {
  /** Whether it was put back and no admin has acknowledged that. */
  readonly restored: boolean;
  /** Oldest first. */
  readonly restorations: readonly Restoration[];
  /** Sentences about what may not be known; none where it is acknowledged. */
  readonly mayBeUnknown: readonly string[];
  /** Certificates that were signed for this log and that the database does not know, oldest first, at most 500. */
  readonly certificates: readonly LostCertificate[];
}

/** A certificate that a cluster signed after the backup was made. */
export interface LostCertificate {
  readonly cluster: string;
  readonly fingerprintSha256: string;
  readonly serialNumber: string | null;
  readonly username: string | null;
  readonly notAfter: string | null;
}

/** Limits for what each principal may spend in a minute. */
export interface BudgetService {
  /** Counts a call that begins. Answers the budget that it needs and of which nothing is left; then it is not counted. */
  begin(principal: Principal, use: BudgetUse): SpentBudget | null;
  /** Counts so many units of a budget. */
  spend(
    spender: {
      readonly name: string;
      readonly credentialId: string | null;
      readonly proof?: { readonly username: string };
    },
    name: BudgetName,
    amount: number,
  ): void;
  /** How the budgets stand; null where they are off. */
  states(principal: Principal): BudgetStates | null;
}

export interface HealthService {
  /** Throws where the service cannot do its work. */
  ready(): Promise<void>;
  /** Whether the database was put back from a backup and no admin has acknowledged it, and sentences about that. */
  restored(): Promise<{ readonly restored: boolean; readonly notes: readonly string[] }>;
  /** Sentences about what an operator should know although the service does its work. */
  notes(): readonly string[];
  /** The state of each component. Names of clusters are for those who may read them; null: nobody is known to ask. */
  report(viewer: Principal | null): Promise<HealthReport>;
}
