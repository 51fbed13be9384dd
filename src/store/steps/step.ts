import type { ApiToken } from '../../model/principal.js';
import type { AuditEventDraft } from '../../model/audit-event.js';
import type { Certificate, RevokedCertificate } from '../../model/certificate.js';
import type {
  DirectoryGroup,
  DirectoryGroupAttributes,
  DirectoryUser,
  MembershipChange,
} from '../../model/directory.js';
import type { IdentityBlock, LeavingPart } from '../../model/identity.js';
import type {
  Approval,
  CertificateRequest,
  IssuanceAttempt,
  PublicKeyReference,
  RequestFailure,
  RequestState,
  TimelineEntry,
} from '../../model/certificate-request.js';
import type { StoredClusterProbe } from '../../model/cluster.js';
import type { UnchainedRecord } from '../../audit/audit-record.js';
import type { SignedCheckpoint } from '../../audit/checkpoint.js';
import type { IdempotencyScope, IdempotentAnswer, NewIdempotencyEntry } from '../../model/idempotency.js';
import type { QuotaLimit } from '../../model/decision.js';
import type { Restoration } from '../../model/restoration.js';
import type { IssuerProbe, IssuerState, RecordedIssuer } from '../../model/issuer.js';
import type { Session } from '../../model/session.js';
import type { WebhookAttemptEnd, WebhookDelivery } from '../../model/webhook-delivery.js';

/**
 * The changes of one use case and the audit events that record them, committed all or nothing. A step is data, so many
 * steps can share one transaction, and every database can execute the same steps.
 */
export interface Step {
  readonly operations: readonly Operation[];
  readonly events: readonly AuditEventDraft[];
  /**
   * The events as the log keeps them, from a writer that looked at their texts; default: the store packs them itself.
   */
  readonly packed?: readonly UnchainedRecord[];
}

/** The operation of this name. */
export type Op<Name extends Operation['op']> = Extract<Operation, { readonly op: Name }>;

export type Operation =
  | { readonly op: 'insertRequest'; readonly request: CertificateRequest }
  | MoveRequest
  /** Remembers that a person approved or denied the request; the last time counts. */
  | { readonly op: 'recordDecision'; readonly principal: string; readonly requestId: string; readonly at: Date }
  | RequireQuota
  | { readonly op: 'insertCertificate'; readonly certificate: Certificate }
  /** Conflicts where the certificate is revoked already. */
  | { readonly op: 'insertRevocation'; readonly revoked: RevokedCertificate }
  | RequireUnblocked
  /** Conflicts where the certificate is revoked. */
  | { readonly op: 'requireUnrevoked'; readonly fingerprintSha256: string }
  /** Conflicts where the username has a block already. */
  | {
      readonly op: 'insertIdentityBlock';
      readonly block: IdentityBlock;
      /** The username as names are compared. */
      readonly folded: string;
      /** Left out: the directory has no part in it. */
      readonly leaving?: LeavingPart | null;
    }
  /** Conflicts where the username has another block than this one, or none. */
  | { readonly op: 'removeIdentityBlock'; readonly folded: string; readonly n: bigint }
  /** Conflicts where a listed user has a name that folds to the same. */
  | { readonly op: 'insertDirectoryUser'; readonly user: DirectoryUser }
  /** Conflicts where the user has another version than this one, or the new name is taken. */
  | { readonly op: 'updateDirectoryUser'; readonly user: DirectoryUser; readonly version: number }
  /** Conflicts where a group has a name that folds to the same. */
  | { readonly op: 'insertDirectoryGroup'; readonly group: DirectoryGroup }
  /**
   * Counts the group's version on; conflicts where the group is gone, has another version, or the new name is taken.
   */
  | {
      readonly op: 'updateDirectoryGroup';
      readonly id: string;
      /** Null: whichever version it has. */
      readonly version: number | null;
      /** Attributes that are left out stay. */
      readonly attributes: Partial<DirectoryGroupAttributes>;
      readonly at: Date;
    }
  /** Records the loss of each member. `version` null: whichever version it has. `by`: the principal who says so. */
  | { readonly op: 'deleteDirectoryGroup'; readonly id: string; readonly version: number | null; readonly by: string }
  /**
   * Leaves out whoever is not listed, and records the loss of each who is taken out. Other steps may change the same
   * group at the same time.
   */
  | {
      readonly op: 'changeDirectoryMembers';
      readonly id: string;
      readonly change: MembershipChange;
      readonly by: string;
    }
  /** Records the loss of each member: policies know the group by another name from now on. */
  | { readonly op: 'loseDirectoryGroup'; readonly id: string; readonly by: string }
  /** Forgets losses of which everything that follows is done, by their numbers. */
  | { readonly op: 'forgetDirectoryLosses'; readonly ns: readonly bigint[] }
  /** Claims the announcement of a certificate's end; conflicts where it is claimed already. */
  | { readonly op: 'insertExpiryNotice'; readonly notice: ExpiryNotice }
  /**
   * Remembers up to which `notAfter` certificates were looked at for this distance. Changes nothing where somebody else
   * has remembered another one than `from` (null: none).
   */
  | {
      readonly op: 'advanceExpiry';
      readonly seconds: number;
      readonly from: Date | null;
      readonly through: Date;
    }
  /** Deletes at most 1,000 notices. */
  | { readonly op: 'forgetExpiryNotices'; readonly announcedBefore: Date }
  | { readonly op: 'rememberPolicySet'; readonly digest: string; readonly texts: PolicySetTexts }
  /** Conflicts where the name is new, and a token has another name that folds to it. */
  | { readonly op: 'insertApiToken'; readonly token: ApiToken; readonly secretSha256: string }
  /** Ends its sessions too. */
  | { readonly op: 'revokeApiToken'; readonly id: string; readonly at: Date }
  /** Conflicts where it was revoked already, or is the last admin's. */
  | { readonly op: 'revokeTokenOfLeaver'; readonly id: string; readonly at: Date }
  /**
   * Conflicts where the name of the session is blocked on every cluster. Deletes the oldest session of a name that has
   * too many.
   */
  | { readonly op: 'insertSession'; readonly session: Session; readonly secretSha256: string }
  /** Records a use; does nothing where a later one is recorded, or where the session was ended. */
  | { readonly op: 'touchSession'; readonly id: string; readonly at: Date }
  /** Conflicts where it was ended already. */
  | { readonly op: 'endSession'; readonly id: string; readonly at: Date }
  /** Deletes at most 1,000 sessions. */
  | { readonly op: 'forgetSessions'; readonly expiredBefore: Date }
  /** Remembers a proof of possession; conflicts where it is known already. */
  | { readonly op: 'insertUsedProof'; readonly idSha256: string; readonly at: Date }
  /** Deletes at most 20,000 proofs. */
  | { readonly op: 'forgetUsedProofs'; readonly usedBefore: Date }
  /** Names the log, unless it has a name. */
  | { readonly op: 'nameInstance'; readonly id: string; readonly at: Date }
  /** Conflicts where the key is in use already. */
  | { readonly op: 'insertCheckpointKey'; readonly verifierKey: string; readonly at: Date }
  /** Conflicts where the key is not in use. */
  | { readonly op: 'retireCheckpointKey'; readonly verifierKey: string; readonly at: Date }
  /**
   * Makes this process the one that signs checkpoints, or lets it stay so; conflicts where another one is, whose lease
   * has not ended.
   */
  | { readonly op: 'holdCheckpointLease'; readonly owner: string; readonly now: Date; readonly leaseUntil: Date }
  /** Ends the lease of this process, if it has it; null: that of whichever process has it. */
  | { readonly op: 'releaseCheckpointLease'; readonly owner: string | null; readonly now: Date }
  /**
   * Keeps a checkpoint. Conflicts if a kept checkpoint is as large, or if its last event has another hash in the log.
   */
  | { readonly op: 'insertCheckpoint'; readonly checkpoint: SignedCheckpoint; readonly lastHash: string }
  /** Deletes at most 1,000 checkpoints, but never the last one. */
  | { readonly op: 'forgetCheckpoints'; readonly signedBefore: Date }
  | { readonly op: 'insertRestoration'; readonly restoration: Restoration }
  /** Conflicts where none is left to acknowledge. */
  | { readonly op: 'acknowledgeRestorations'; readonly at: Date; readonly by: string }
  /** Keeps a complete tile of the Merkle tree, unless it is kept already. */
  | { readonly op: 'insertAuditTile'; readonly level: number; readonly n: number; readonly hashes: Uint8Array }
  /** Conflicts where an archive has events behind this one. It stands in the step that tells of the next archive. */
  | { readonly op: 'requireArchivedThrough'; readonly seq: number }
  | PruneAuditRecords
  | { readonly op: 'insertIdempotencyKey'; readonly entry: NewIdempotencyEntry }
  | { readonly op: 'answerIdempotencyKey'; readonly scope: IdempotencyScope; readonly answer: IdempotentAnswer }
  | { readonly op: 'forgetIdempotencyKeys'; readonly createdBefore: Date }
  | RequireIssuer
  /** Conflicts where the cluster has an issuer of this name, or this one is active and another one is. */
  | { readonly op: 'insertIssuer'; readonly issuer: RecordedIssuer }
  | MoveIssuer
  /** Adds the fingerprint of its present certificate, unless it is the last one; conflicts where there is no issuer. */
  | {
      readonly op: 'certifyIssuer';
      readonly cluster: string;
      readonly name: string;
      readonly fingerprintSha256: string;
    }
  /** Keeps the latest probe, in whichever order probes arrive; conflicts where there is no issuer. */
  | {
      readonly op: 'rememberIssuerProbe';
      readonly cluster: string;
      readonly name: string;
      readonly probe: IssuerProbe;
    }
  /** Conflicts where there is no issuer, or the new name is taken. */
  | { readonly op: 'renameIssuer'; readonly cluster: string; readonly from: string; readonly to: string }
  /** Keeps the latest probe, in whichever order probes arrive. */
  | { readonly op: 'rememberProbe'; readonly probe: StoredClusterProbe }
  /** Conflicts where the identity is recorded already. */
  | { readonly op: 'insertUnknownIdentity'; readonly identity: UnknownIdentity }
  /** Announces the step's other operations. */
  | { readonly op: 'enqueueWebhooks'; readonly deliveries: readonly WebhookDelivery[] }
  /**
   * Begins the next attempt of a delivery that is due; conflicts where another process was faster. The delivery is due
   * again at `leaseUntil`; until then it belongs to this attempt.
   */
  | {
      readonly op: 'beginWebhookAttempt';
      readonly id: string;
      readonly owner: string;
      /** 1 for the first. Conflicts where this attempt has begun already. */
      readonly attempt: number;
      readonly now: Date;
      readonly leaseUntil: Date;
    }
  /** Ends an attempt of a delivery; conflicts where another attempt has begun since. */
  | {
      readonly op: 'endWebhookAttempt';
      readonly id: string;
      readonly owner: string;
      /** 1 for the first. */
      readonly attempt: number;
      readonly at: Date;
      readonly end: WebhookAttemptEnd;
    }
  /** Gives up a waiting delivery; conflicts where it does not wait or an attempt is under way at `at`. */
  | { readonly op: 'abandonWebhook'; readonly id: string; readonly failure: string; readonly at: Date }
  /** Makes a delivery due at once, however it ended; does nothing while an attempt is under way. */
  | { readonly op: 'retryWebhook'; readonly id: string; readonly at: Date }
  /** Deletes at most 1,000 of each kind, so that other steps do not wait for long. */
  | { readonly op: 'forgetWebhooks'; readonly deliveredBefore: Date; readonly deadBefore: Date };

/**
 * Keeps the timelines of these records, and deletes all records behind `after` up to `through`. An archive must have
 * their events. Records that are gone already are passed over.
 */
export interface PruneAuditRecords {
  readonly op: 'pruneAuditRecords';
  readonly timelines: readonly KeptTimeline[];
  /** The number of the last event of a record. */
  readonly after: number;
  /** The same, of the last one. */
  readonly through: number;
}

/** The part of a request's timeline that shows a record of the log. */
export interface KeptTimeline {
  readonly requestId: string;
  /** The number of the record's last event. */
  readonly lastSeq: number;
  readonly at: Date;
  readonly entries: readonly Omit<TimelineEntry, 'at'>[];
}

/** A user certificate that a cluster signed for somebody else. */
export interface UnknownIdentity {
  readonly cluster: string;
  readonly fingerprintSha256: string;
  /** `metadata.uid` of the CertificateSigningRequest object. */
  readonly objectUid: string;
  readonly recordedAt: Date;
}

/**
 * Conflicts where the certificates that count have reached the quota; those of earlier steps in the same transaction
 * count too. It stands before the operation that adds a certificate.
 */
export interface RequireQuota {
  readonly op: 'requireQuota';
  readonly limit: QuotaLimit;
  readonly atMost: number;
  /** The id of the request that asks; its own certificate does not count. */
  readonly exceptRequest: string;
  /** The lineage that the request renews, whose certificates do not count; absent where it renews none. */
  readonly exceptLineage?: string;
  readonly now: Date;
}

/**
 * Conflicts where one of these names is blocked on the cluster. The names are in the form in which names are compared.
 * It stands in each step that records a request or begins an attempt: so nothing is begun once a block is committed.
 */
export interface RequireUnblocked {
  readonly op: 'requireUnblocked';
  readonly cluster: string;
  /** Requested username, requester, collector. */
  readonly folded: readonly [string, string, string];
  readonly now: Date;
}

/**
 * Conflicts where the issuer has none of these states, or is not recorded. It stands in each step that begins an
 * attempt with a CA key: so nothing more is begun with an issuer once another one is active.
 */
export interface RequireIssuer {
  readonly op: 'requireIssuer';
  readonly cluster: string;
  readonly issuer: string;
  readonly states: readonly IssuerState[];
}

/**
 * Compare-and-set on the state of an issuer; conflicts where it has another state than `from`, or another one is active
 * already. Where one follows another, the one before moves first.
 */
export interface MoveIssuer {
  readonly op: 'moveIssuer';
  readonly cluster: string;
  readonly name: string;
  readonly from: IssuerState;
  readonly to: IssuerState;
  readonly at: Date;
}

/** The announcement that a certificate ends in `seconds`. */
export interface ExpiryNotice {
  readonly fingerprintSha256: string;
  readonly seconds: number;
  readonly announcedAt: Date;
}

/** Compare-and-set on a request: applies only while it is in `from`. */
export interface MoveRequest {
  readonly op: 'moveRequest';
  readonly id: string;
  readonly from: {
    readonly state: RequestState;
    /** Where given: this owner holds the attempt. */
    readonly owner?: string;
    /** Where given: the number of the last attempt; null: there was no attempt. */
    readonly attempt?: number | null;
    /** Where given: the attempt's lease ended before this instant. That is a takeover. */
    readonly leaseEndedBefore?: Date;
    /** Where given: so many approvals are recorded. So no approval is overwritten. */
    readonly approvals?: number;
  };
  readonly to: {
    readonly state: RequestState;
    readonly waitsUntil?: Date | null;
    readonly approvals?: readonly Approval[];
    readonly attempt?: IssuanceAttempt;
    readonly publicKey?: PublicKeyReference | null;
    readonly fingerprintSha256?: string;
    readonly failure?: RequestFailure | null;
  };
}

/** The policy files of a set by path, in order. */
export type PolicySetTexts = readonly { readonly path: string; readonly text: string }[];

/** Why a step was not committed. Nothing of it was written. */
export type Conflict =
  /** The request does not have the state, owner or attempt that the step expects. */
  | { readonly kind: 'request'; readonly id: string }
  | { readonly kind: 'quota'; readonly limit: QuotaLimit; readonly found: number }
  | { readonly kind: 'idempotencyKey' }
  /** The certificate is revoked already. */
  | { readonly kind: 'revocation'; readonly fingerprintSha256: string }
  /** One of the names is blocked. */
  | { readonly kind: 'blocked' }
  /** The block is not the one that the step expects. */
  | { readonly kind: 'identityBlock' }
  | { readonly kind: 'expiryNotice' }
  /** The name is taken. */
  | { readonly kind: 'directoryName'; readonly name: string }
  /** The user or group is gone, or has another version. */
  | { readonly kind: 'directoryUser'; readonly id: string }
  | { readonly kind: 'directoryGroup'; readonly id: string }
  | { readonly kind: 'apiToken'; readonly id: string }
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'usedProof' }
  /** A checkpoint of this or a larger size is kept. */
  | { readonly kind: 'checkpoint'; readonly size: number }
  /** The key is not in use. */
  | { readonly kind: 'checkpointKey'; readonly verifierKey: string }
  /** Another process signs checkpoints. */
  | { readonly kind: 'checkpointLease' }
  | { readonly kind: 'restoration' }
  /** An archive has events behind this one. */
  | { readonly kind: 'auditArchive'; readonly seq: number }
  /** A token has another name that folds to this one. */
  | { readonly kind: 'principalName'; readonly name: string }
  /** The issuer is not recorded, or not in the state that the step expects, or its name or place is taken. */
  | { readonly kind: 'issuer'; readonly cluster: string; readonly issuer: string }
  /** The delivery is not in the state that the step expects. */
  | { readonly kind: 'webhookDelivery'; readonly id: string }
  /** A unique value exists already (a serial number of the same issuer, a fingerprint). */
  | { readonly kind: 'unique'; readonly what: string };

export type CommitResult = { readonly committed: true } | { readonly committed: false; readonly conflict: Conflict };

/** The one ordered writer commits steps in the order of their arrival, many in one transaction. */
export interface Writer {
  /**
   * Resolves when the commit is on disk. Throws `StoreBusyError` where the queue is full, and `StoreUnavailableError`
   * where the commit failed or its outcome is not known.
   */
  commit(step: Step): Promise<CommitResult>;
}
