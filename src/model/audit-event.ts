import type { KeyAlgorithm, RevocationReason } from '@kubepass/x509';
import type { Violation } from './decision.js';
import type { Labels } from './certificate-request.js';
import type { ProbeAnswer } from './cluster.js';
import type { ProbedAddress } from './issuer.js';
import type { RestorationEvidence } from './restoration.js';
import type { Page } from './outcome.js';
import type { Role } from './principal.js';
import type { WebhookDeliveryState, WebhookEventType } from './webhook-delivery.js';

/**
 * Each type of event, and the sentence that tells of it: of several ones, the first that has its values. `{name}` is a
 * value, a member of the details or one that `audit-sentence.ts` makes, and `{n|noun}` a count. `{?name}` and
 * `{?name=value}` are conditions, without text. Brackets hold what is left out where a value lacks. The log has the
 * types as bits in this order, so a new type comes last.
 */
export const auditEventSentences = {
  ServiceStarted: 'kubepass started[ with {clusters}]',
  CertificateRequested:
    '{who} asked for {expirationSeconds} on {cluster}[ for {other}][ in {groups}][, to renew a certificate{?renewalOf}]',
  ApprovalRecorded: '{who} approved {request}; {needed} more must approve',
  RequestApproved: ['policy {policy} approved {request}', '{who} approved {request}[: {comment}]'],
  RequestDenied: ['policy denied {request}: {violations}', '{who} denied {request}[: {comment}]'],
  RequestCancelled: '{who} cancelled {request}[: {comment}][: {reason}]',
  RequestExpired: [
    'nobody decided on {request} in time{?reason=NotDecided}',
    'nobody collected the certificate of {request} in time',
  ],
  IssuanceStarted: 'the signer was asked to sign {request}',
  IssuanceResumed: 'the signing of {request} was taken up again',
  IssuanceAbandoned: 'the signing of {request} was given up: {reason}',
  CertificateIssued: '{username} got a certificate on {cluster}[ in {groups}] until {notAfter}',
  IssuanceFailed: 'the signing of {request} failed: {message}',
  PolicyEvaluated:
    '{who} tried out[ by a draft of policy{?draft}] what {username} would get[ on {cluster}][ in {groups}][ if {requester} asked]: {outcome}',
  PolicyReplayed: '{who} tried out a draft of policy on {requests|recorded request}',
  PolicySetLoaded: 'other policies came into force',
  ApiTokenCreated: '{who} made an API token for {name}[ with the roles {roles}][ until {expiresAt}]',
  ApiTokenRevoked: '{who} revoked an API token of {name}',
  CertificateAuthorityPinned: 'kubepass met CA[ {issuer}] of {cluster} for the first time, and knows it from now on',
  ClusterProbed: [
    '{who} probed {cluster}, which answered{?reachable}[: {reason}]',
    '{who} probed {cluster}[: {reason}]',
  ],
  UnknownIdentityIssued: [
    '{requestedBy} had a certificate for {username} signed on {cluster} past kubepass',
    '{requestedBy} had a certificate signed on {cluster} past kubepass',
  ],
  WebhookDeliveryFailed: 'webhook {webhook} did not take {type} in {attempts|attempt}: {failure}',
  WebhookDeliveryRetried: '{who} had {type} sent to webhook {webhook} again',
  DecisionRefused: '{who} tried to {decision} {request}, and may not: {message}',
  CertificateRevoked:
    '{who} revoked a certificate of {username}[ on {cluster}][ ({reason})][, as the list beside the database has it{?restored}][: {comment}]',
  IdentityBlocked: [
    '{who} blocked {username} on {clusters}[ until {until}][ ({reason})][: {comment}]',
    '{who} blocked {username} everywhere[ until {until}][ ({reason})][: {comment}]',
  ],
  IdentityUnblocked: [
    '{who} unblocked {username} on {clusters}[: {comment}]',
    '{who} unblocked {username} everywhere[: {comment}]',
  ],
  CertificateExpiring: 'a certificate of {username}[ on {cluster}] ends at {notAfter}',
  RevocationEnforced: [
    '{cluster} refuses a revoked certificate[, {delaySeconds} after its revocation]{?verified}',
    'nothing proves that {cluster} refuses a revoked certificate[: {reason}]',
  ],
  SignedIn: '{who} signed in[ with {issuer}][ with an API token{?tokenId}]',
  SignedOut: ['{name} signed out{?reason=SignedOut}', 'the session of {name} was ended: {reason}'],
  SignInRefused: 'kubepass refused {refused|credential}[: {reasons}]',
  BreakGlassTokenMade: 'somebody on the host made an admin token[ until {expiresAt}]',
  BreakGlassTokenUsed: 'somebody used a break-glass token, {uses|time}',
  CheckpointKeyAdded: 'another key signs the log from now on',
  CheckpointKeyRetired: 'a key signs the log no more',
  DatabaseRestored: 'the database was restored from a backup with {events|event}[, the last of {knownUntil}]',
  RestoredAcknowledged: '{who} acknowledged that the database was restored from a backup',
  AuditEventsArchived: 'events {from} to {to} were archived in {file}',
  DirectoryUserChanged: [
    'the directory has user {userName} again{?change=Returned}',
    'user {userName} of the directory gave the name up{?change=Superseded}',
    '{who} confirmed user {userName} of the directory{?change=Confirmed}',
    'the directory {change} user {userName}[: {changed}]',
  ],
  DirectoryUserDeactivated:
    'the directory {how} user {userName}[, which revoked {revokedCertificates|certificate}{?revokedCertificates}]',
  DirectoryGroupChanged: 'the directory {change} group {displayName}',
  DirectoryMembershipChanged: [
    'the directory gave {displayName} to {added} and took it from {removed}',
    'the directory gave {displayName} to {added}',
    'the directory took {displayName} from {removed}',
  ],
  IssuerProbed: '{who} probed whether {cluster} accepts issuer {issuer}',
  IssuerActivated: '{who} activated issuer {issuer}[ of {cluster}][, without a probe{?withoutProbe}][: {comment}]',
  IssuerRetired: '{who} retired issuer {issuer}[ of {cluster}][, with {live|live certificate}{?live}][: {comment}]',
  IssuerExpiring: 'issuer {issuer}[ of {cluster}] ends at {notAfter}',
  UnknownCertificateSeen: '{cluster} was shown a certificate of {username} that kubepass did not issue',
} as const satisfies Readonly<Record<string, string | readonly string[]>>;
export type AuditEventType = keyof typeof auditEventSentences;
export const auditEventTypes = Object.keys(auditEventSentences) as readonly AuditEventType[];

/** JSON as RFC 8785 canonicalizes it; no `undefined`, no NaN. */
export type Json = null | boolean | number | string | readonly Json[] | JsonMembers;
export interface JsonMembers {
  readonly [member: string]: Json;
}

/** The details of each type of event. Events about a probe's own request also have `probe: true`. */
export interface AuditEventDetails {
  ServiceStarted: { instance: string; clusters: readonly string[]; policySetDigest: string };
  CertificateRequested: {
    username: string;
    groups: readonly string[];
    keyAlgorithm: KeyAlgorithm;
    spkiSha256: string | null;
    expirationSeconds: number;
    namespace: string | null;
    reason: string | null;
    /** Absent where it has none. */
    labels?: Labels;
    collector: string;
    requesterGroups: readonly string[];
    requesterRoles: readonly Role[];
    /** As in the decision; only where a person decides. */
    makers?: readonly string[];
    /** The fingerprint of the certificate that it renews; absent where it renews none. */
    renewalOf?: string;
    /** The requester came by the key of that certificate; absent where they signed in. */
    keyProof?: true;
  };
  ApprovalRecorded: {
    stage: number;
    comment: string | null;
    awaiting: readonly { stage: number; needed: number }[];
  };
  RequestApproved:
    | { approval: 'auto'; policySetDigest: string; policy: string }
    | { approval: 'manual'; policySetDigest: string; stage: number; comment: string | null };
  RequestDenied:
    | { reason: 'PolicyDenied'; policySetDigest: string; violations: readonly ViolationDetails[] }
    | { reason: 'NoLongerPermitted'; violations: readonly ViolationDetails[] }
    | { comment: string | null };
  RequestCancelled: { comment: string | null } | { reason: string };
  RequestExpired: { reason: 'NotDecided' | 'NotCollected' };
  IssuanceStarted: AttemptDetails;
  IssuanceResumed: AttemptDetails & { previousOwner: string; owner: string };
  IssuanceAbandoned: AttemptDetails & { reason: string; orphan: boolean };
  CertificateIssued: {
    attempt: number;
    serialNumber: string;
    subject: string;
    issuer: string;
    username: string;
    groups: readonly string[];
    notBefore: string;
    notAfter: string;
    spkiSha256: string;
    orphan: boolean;
    lifetimeClamped: boolean;
  };
  IssuanceFailed: AttemptDetails & { reason: string; message: string };
  PolicyEvaluated: {
    username: string;
    groups: readonly string[];
    keyAlgorithm: KeyAlgorithm;
    expirationSeconds: number | null;
    /** Absent where it has none. */
    labels?: Labels;
    outcome: 'permitted' | 'denied';
    policy: string | null;
    violations: readonly ViolationDetails[];
    policySetDigest: string;
    draft: boolean;
    /** Who was supposed to ask; absent: the caller. */
    requester?: string;
    /** As in `CertificateRequested`. */
    renewalOf?: string;
  };
  PolicyReplayed: {
    policySetDigest: string;
    after: string | null;
    before: string;
    complete: boolean;
    requests: number;
    changed: Readonly<Record<string, number>>;
    undecidable: Readonly<Record<string, number>>;
    failed: number;
  };
  PolicySetLoaded: { policySetDigest: string; previousPolicySetDigest: string };
  ApiTokenCreated: ApiTokenDetails;
  ApiTokenRevoked: ApiTokenDetails;
  /** By whoever may write to the data dir and the database. */
  BreakGlassTokenMade: ApiTokenDetails;
  /** Uses since the event before: one for the first use in a process. */
  BreakGlassTokenUsed: { tokenId: string; uses: number };
  /**
   * `issuer` is absent where it was recorded before a cluster could have several, `fingerprintSha256` while it has no
   * certificate.
   */
  CertificateAuthorityPinned: { issuer?: string; spkiSha256: string; fingerprintSha256?: string };
  ClusterProbed: {
    probe: true;
    reachable: boolean | null;
    version: string | null;
    missingPermissions: readonly string[];
    signs: ProbeAnswer;
    reason: string | null;
    accepts: ProbeAnswer;
    probeRequestId: string | null;
  };
  UnknownIdentityIssued: {
    subject: string | null;
    username: string | null;
    groups: readonly string[];
    serialNumber: string | null;
    notBefore: string | null;
    notAfter: string | null;
    spkiSha256: string | null;
    objectName: string;
    objectUid: string;
    requestedBy: string;
    expirationSeconds: number | null;
    approvalReason: string | null;
    approvalMessage: string | null;
    /** It was signed for a request of this log, and the database, which was restored, does not know that. */
    lost?: true;
  };
  WebhookDeliveryFailed: DeliveryDetails & { failure: string };
  WebhookDeliveryRetried: DeliveryDetails & { state: WebhookDeliveryState };
  /** Somebody tried to decide on a request that they may not decide on; `message` says why not. */
  DecisionRefused: { decision: 'approve' | 'deny'; message: string };
  CertificateRevoked: {
    username: string;
    serialNumber: string;
    notAfter: string;
    reason: RevocationReason;
    comment: string | null;
    /** True where a list that was kept beside the database knew of it, and the database did not. */
    restored: boolean;
  };
  IdentityBlocked: {
    username: string;
    /** Null: every cluster. */
    clusters: readonly string[] | null;
    reason: RevocationReason;
    comment: string | null;
    until: string | null;
    revokedCertificates: number;
    cancelledRequests: number;
    /** A list that was kept beside the database knew of it, and the database did not; absent where it is new. */
    restored?: true;
  };
  IdentityUnblocked: { username: string; clusters: readonly string[] | null; comment: string | null };
  CertificateExpiring: { username: string; serialNumber: string; notAfter: string; seconds: number };
  RevocationEnforced: {
    mode: string;
    verified: boolean;
    /** How long a revoked certificate went on working; null where it is not known. */
    delaySeconds: number | null;
    /** Why it is not proven; null where it is. */
    reason: string | null;
  };
  SignedIn: SessionDetails & { roles: readonly Role[]; expiresAt: string };
  /** `name`: whose session it was. */
  SignedOut: SessionDetails & {
    name: string;
    reason: 'SignedOut' | 'EndedByAnother' | 'IdentityBlocked' | 'DatabaseRestored';
  };
  /** How many came and did not get in since the last event of this type, and how many of them for each reason. */
  SignInRefused: { refused: number; reasons: Readonly<Record<string, number>> };
  /** A key that signs checkpoints of the log from now on, in the form of C2SP signed-note, and its SHA-256. */
  CheckpointKeyAdded: { key: string; sha256: string };
  /** The key signs no more. */
  CheckpointKeyRetired: { key: string; sha256: string };
  /** The database was put back from a backup that had so many events, the last of them at `knownUntil`. */
  DatabaseRestored: {
    detectedBy: RestorationEvidence;
    events: number;
    knownUntil: string | null;
    /** The largest size that a checkpoint is known to have had before; null: none is known. */
    signedEvents: number | null;
  };
  /** An admin knows that the database was put back, and what it may not know. */
  RestoredAcknowledged: { restorations: number };
  /**
   * A file has these events, both inclusive; they may leave the database. `checkpoint`: the signed note of so many
   * events.
   */
  AuditEventsArchived: { from: number; to: number; file: string; sha256: string; checkpoint: string };
  /** `changed`: the names of the attributes, where that was it. */
  DirectoryUserChanged: DirectoryUserDetails & {
    change: 'Created' | 'Changed' | 'Returned' | 'Deleted' | 'Superseded' | 'Confirmed';
    active: boolean;
    changed: readonly string[];
    /** The id of the user who had the name before; absent where nobody else had it. */
    predecessor?: string;
  };
  /** The person left: their access ends with it. */
  DirectoryUserDeactivated: DirectoryUserDetails & {
    how: 'Deactivated' | 'Deleted' | 'Renamed';
    revokedCertificates: number;
    cancelledRequests: number;
    endedSessions: number;
    revokedTokens: readonly string[];
    /** Tokens that went on, because without them no admin would be left. */
    keptTokens: readonly string[];
  };
  DirectoryGroupChanged: DirectoryGroupDetails & { change: 'Created' | 'Changed' | 'Deleted' };
  /** The userNames of those who came and went. */
  DirectoryMembershipChanged: DirectoryGroupDetails & { added: readonly string[]; removed: readonly string[] };
  /** `probeRequestId`: the request for the certificate that was shown. */
  IssuerProbed: IssuerDetails & {
    probe: true;
    addresses: readonly Pick<ProbedAddress, 'address' | 'accepts' | 'reason'>[];
    probeRequestId: string;
  };
  /** `previous`: the issuer that signed before; null: there was none. */
  IssuerActivated: IssuerDetails & { previous: string | null; withoutProbe: boolean; comment: string | null };
  /** `abandonLive`: it was retired whatever it still serves. */
  IssuerRetired: IssuerDetails & {
    live: number;
    latestNotAfter: string | null;
    abandonLive: boolean;
    comment: string | null;
  };
  IssuerExpiring: IssuerDetails & { notAfter: string; seconds: number };
  /**
   * A cluster was shown a client certificate that kubepass did not issue. Its name is listed on the cluster, so only
   * live certificates of the name pass there. Mostly it is a revoked certificate in another encoding. `resource`: null
   * if the request was for no resource.
   */
  UnknownCertificateSeen: { username: string; verb: string; resource: string | null };
}

/** `fingerprintSha256`: of the certificate of the CA; null where it is not known. */
type IssuerDetails = { issuer: string; fingerprintSha256: string | null };

type DeliveryDetails = { deliveryId: string; webhook: string; type: WebhookEventType; attempts: number };
type DirectoryUserDetails = { userId: string; userName: string; externalId: string | null; username: string | null };
type DirectoryGroupDetails = { groupId: string; displayName: string; externalId: string | null };

type SessionDetails = {
  sessionId: string;
  /** The name of the issuer in the configuration; null where there is a `tokenId`. */
  issuer: string | null;
  /** The API token with which the session began; null where an issuer vouched for the person. */
  tokenId: string | null;
};

/** An attempt, together with the members of its signing intent. */
export type AttemptDetails = { attempt: number; spkiSha256: string; signer: string } & JsonMembers;

/** A violation in the log. */
type ViolationDetails = Pick<Violation, 'source' | 'reason' | 'message'>;

type ApiTokenDetails = {
  tokenId: string;
  name: string;
  groups: readonly string[];
  roles: readonly Role[];
  createdBy: readonly string[];
  /** Null: it lives until it is revoked. */
  expiresAt: string | null;
  /** The cluster of a reviewer; absent where the token is for none. */
  cluster?: string;
};

/** An event as the log sees it, which knows no types of details. */
export interface UnchainedEvent {
  readonly type: AuditEventType;
  readonly at: Date;
  /** The principal who caused it; null where the service itself did. */
  readonly principal: string | null;
  readonly cluster: string | null;
  readonly requestId: string | null;
  readonly fingerprintSha256: string | null;
  readonly details: JsonMembers;
}

/** An event of one type on its way into the log. */
export interface AuditEventOf<Type extends AuditEventType> extends Omit<UnchainedEvent, 'type' | 'details'> {
  readonly type: Type;
  readonly details: AuditEventDetails[Type];
}

/** An event on its way into the log; the writer gives it its place in the chain. */
export type AuditEventDraft = { [Type in AuditEventType]: AuditEventOf<Type> }[AuditEventType];

/** Makes an event. `about` says what it is about besides its details; absent members are null. */
export function auditEvent<Type extends AuditEventType>(
  type: Type,
  at: Date,
  principal: string | null,
  details: AuditEventDetails[Type],
  { cluster = null, requestId = null, fingerprintSha256 = null }: Partial<EventSubject> = {},
): AuditEventOf<Type> {
  return { type, at, principal, cluster, requestId, fingerprintSha256, details };
}
type EventSubject = Pick<UnchainedEvent, 'cluster' | 'requestId' | 'fingerprintSha256'>;

/** An event in the log. `hash` = SHA-256(previousHash ‖ canonical). */
export interface AuditEvent extends UnchainedEvent {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  /** RFC 8785 bytes of the event without its two hashes, as text. */
  readonly canonical: string;
  /** Lower-case hex; 64 zeros before the first event. */
  readonly previousHash: string;
  readonly hash: string;
}

/** Selects events for a list, and orders them; a field that is left out selects all, oldest first. */
export interface AuditEventFilter {
  readonly type?: string;
  readonly principal?: string;
  /** Whom it is about: the username of its request, or one in its details. */
  readonly username?: string;
  readonly cluster?: string;
  readonly requestId?: string;
  readonly fingerprintSha256?: string;
  readonly after?: Date;
  readonly before?: Date;
  /** Only events with a larger number. */
  readonly afterSeq?: number;
  readonly order?: 'newest';
}

/** A page of the log. */
export interface AuditEventPage extends Page<AuditEvent> {
  /** The first event that the database shows: those before it are in archives. */
  readonly firstSeq: number;
}

export interface ChainVerification {
  readonly valid: boolean;
  /** How many events are intact, from the first on: all of them where the log is valid. */
  readonly events: number;
  /** How many of these are in archives, and were not checked. */
  readonly archivedEvents: number;
  /** Hash of the last event; 64 zeros for an empty log. */
  readonly head: string;
  /** Where the chain breaks: the number of an event that was changed or is missing; null where it is valid. */
  readonly firstInvalidSeq: number | null;
}
