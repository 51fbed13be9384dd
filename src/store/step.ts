import type { ApiToken } from '../model/principal.js';
import type { AuditEventDraft } from '../model/audit-event.js';
import type { Certificate } from '../model/certificate.js';
import type {
  Approval,
  CertificateRequest,
  IssuanceAttempt,
  PublicKeyReference,
  RequestFailure,
  RequestState,
} from '../model/certificate-request.js';
import type { StoredClusterProbe } from '../model/cluster-probe.js';
import type { WebhookAttemptEnd, WebhookDelivery } from '../model/webhook-delivery.js';
import type { QuotaLimit } from '../model/decision.js';

/**
 * What one use case wants committed: state changes and the audit events that tell of them, all or nothing.
 * It is data, so that many steps can share one transaction and a second database can run the same steps.
 */
export interface Step {
  readonly operations: readonly Operation[];
  readonly events: readonly AuditEventDraft[];
}

export type Operation =
  | { readonly op: 'insertRequest'; readonly request: CertificateRequest }
  | MoveRequest
  | RequireQuota
  | { readonly op: 'insertCertificate'; readonly certificate: Certificate }
  | { readonly op: 'rememberPolicySet'; readonly digest: string; readonly texts: PolicySetTexts }
  | { readonly op: 'insertApiToken'; readonly token: ApiToken; readonly secretSha256: string }
  | { readonly op: 'revokeApiToken'; readonly id: string; readonly at: Date }
  | { readonly op: 'insertIdempotencyKey'; readonly entry: NewIdempotencyEntry }
  | { readonly op: 'answerIdempotencyKey'; readonly scope: IdempotencyScope; readonly answer: IdempotentAnswer }
  | { readonly op: 'forgetIdempotencyKeys'; readonly createdBefore: Date }
  | { readonly op: 'pinCertificateAuthority'; readonly cluster: string; readonly spkiSha256: string }
  /** The latest stays, whichever comes first. */
  | { readonly op: 'rememberProbe'; readonly probe: StoredClusterProbe }
  /** Conflicts where it is known already. */
  | { readonly op: 'insertUnknownIdentity'; readonly identity: UnknownIdentity }
  /** What is announced of the step's other operations. */
  | { readonly op: 'enqueueWebhooks'; readonly deliveries: readonly WebhookDelivery[] }
  | BeginWebhookAttempt
  | EndWebhookAttempt
  /** Gives up a delivery that waits and has no attempt under way at `at`; conflicts where it does not. */
  | { readonly op: 'abandonWebhook'; readonly id: string; readonly failure: string; readonly at: Date }
  /** Makes a delivery due at once, however it ended; one that has an attempt under way is left to it. */
  | { readonly op: 'retryWebhook'; readonly id: string; readonly at: Date }
  /** At most 1,000 of each, so that it keeps nobody waiting. */
  | { readonly op: 'forgetWebhooks'; readonly deliveredBefore: Date; readonly deadBefore: Date };

/**
 * Takes a delivery that is due for the next attempt; conflicts where somebody else was faster. Until `leaseUntil` it is
 * nobody else's: that is when it is due again.
 */
export interface BeginWebhookAttempt {
  readonly op: 'beginWebhookAttempt';
  readonly id: string;
  readonly owner: string;
  /** 1 for the first: only while no other has begun. */
  readonly attempt: number;
  readonly now: Date;
  readonly leaseUntil: Date;
}

/** Conflicts where this attempt is not the one under way any more. */
export interface EndWebhookAttempt {
  readonly op: 'endWebhookAttempt';
  readonly id: string;
  readonly owner: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly at: Date;
  readonly end: WebhookAttemptEnd;
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
 * Conflicts where the certificates that count, those of earlier steps of the same transaction included, have reached
 * the quota. Stands before the operation that adds one.
 */
export interface RequireQuota {
  readonly op: 'requireQuota';
  readonly limit: QuotaLimit;
  readonly atMost: number;
  /** The request whose own certificate is not counted: it is the one that asks. */
  readonly exceptRequest: string;
  readonly now: Date;
}

/** Compare-and-set on a request: applies only while it is in `from`. */
export interface MoveRequest {
  readonly op: 'moveRequest';
  readonly id: string;
  readonly from: {
    readonly state: RequestState;
    /** Where given, only while this owner holds this attempt. */
    readonly owner?: string;
    /** Where given, only while this is the last attempt that there was; null: there was none. */
    readonly attempt?: number | null;
    /** Where given, only while the attempt's lease ended before this instant: a takeover. */
    readonly leaseEndedBefore?: Date;
    /** Where given, only while so many approvals are recorded: nobody's is overwritten. */
    readonly approvals?: number;
  };
  readonly to: {
    readonly state: RequestState;
    readonly expiresAt?: Date | null;
    readonly approvals?: readonly Approval[];
    readonly attempt?: IssuanceAttempt;
    readonly publicKey?: PublicKeyReference | null;
    readonly fingerprintSha256?: string;
    readonly failure?: RequestFailure | null;
  };
}

/** The policy files of a set by path, in order. */
export type PolicySetTexts = readonly { readonly path: string; readonly text: string }[];

export interface IdempotencyScope {
  readonly principal: string;
  readonly method: string;
  readonly path: string;
  readonly key: string;
}

export interface NewIdempotencyEntry extends IdempotencyScope {
  /** SHA-256 of the raw body, lower-case hex. */
  readonly bodySha256: string;
  readonly requestId: string;
  readonly createdAt: Date;
}

/** A first answer as it goes out again, byte for byte. `body` null: it held a private key and is not kept. */
export interface IdempotentAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface IdempotencyEntry extends NewIdempotencyEntry {
  /** Null while unanswered: in flight, or its process died first. */
  readonly answer: IdempotentAnswer | null;
}

/** Why a step was not committed. Nothing of it was written. */
export type Conflict =
  /** The request is not (any more) in the state, or with the owner and attempt, that the step expects. */
  | { readonly kind: 'request'; readonly id: string }
  | { readonly kind: 'quota'; readonly limit: QuotaLimit; readonly found: number }
  | { readonly kind: 'idempotencyKey' }
  | { readonly kind: 'apiToken'; readonly id: string }
  | { readonly kind: 'certificateAuthority'; readonly cluster: string }
  /** The delivery is not (any more) as the step expects. */
  | { readonly kind: 'webhookDelivery'; readonly id: string }
  /** A unique value exists already (a serial number of the same issuer, a fingerprint). */
  | { readonly kind: 'unique'; readonly what: string };

export type CommitResult = { readonly committed: true } | { readonly committed: false; readonly conflict: Conflict };

/** The one ordered writer: steps are committed in the order they came, many in one transaction. */
export interface Writer {
  /** Resolves after the commit is on disk. Throws `StoreBusyError` where the queue is full, `StoreUnavailableError` where the commit failed or is not known to have been made. */
  commit(step: Step): Promise<CommitResult>;
}

/** Whether the step records how an attempt ended: what has been signed by then is not to be turned away. */
export const endsAttempt = ({ operations }: Step): boolean =>
  operations.some(
    (operation) =>
      operation.op === 'insertCertificate' || (operation.op === 'moveRequest' && operation.from.state === 'issuing'),
  );

export { StoreBusyError, StoreUnavailableError } from '../model/errors.js';
export type { QuotaLimit };
