export const auditEventTypes = [
  'ServiceStarted',
  'CertificateRequested',
  'ApprovalRecorded',
  'RequestApproved',
  'RequestDenied',
  'RequestCancelled',
  'RequestExpired',
  'IssuanceStarted',
  'IssuanceResumed',
  'IssuanceAbandoned',
  'CertificateIssued',
  'IssuanceFailed',
  'PolicyEvaluated',
  'PolicyReplayed',
  'PolicySetLoaded',
  'ApiTokenCreated',
  'ApiTokenRevoked',
  'CertificateAuthorityPinned',
  'ClusterProbed',
  'UnknownIdentityIssued',
  'WebhookDeliveryFailed',
  'WebhookDeliveryRetried',
] as const;
export type AuditEventType = (typeof auditEventTypes)[number];

/** JSON as RFC 8785 canonicalizes it; no `undefined`, no NaN. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An event on its way into the log; the writer gives it its place in the chain. */
export interface AuditEventDraft {
  readonly type: AuditEventType;
  readonly at: Date;
  /** The principal who caused it; null where the service itself did. */
  readonly principal: string | null;
  readonly cluster: string | null;
  readonly requestId: string | null;
  readonly fingerprintSha256: string | null;
  readonly details: { readonly [key: string]: Json };
}

/** An event in the log. `hash` = SHA-256(previousHash ‖ canonical). */
export interface AuditEvent extends AuditEventDraft {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  /** RFC 8785 bytes of the event without its two hashes, as text. */
  readonly canonical: string;
  /** Lower-case hex; 64 zeros before the first event. */
  readonly previousHash: string;
  readonly hash: string;
}

/** Selects events for a list; a field that is left out selects all. */
export interface AuditEventFilter {
  readonly type?: string;
  readonly principal?: string;
  readonly cluster?: string;
  readonly requestId?: string;
  readonly fingerprintSha256?: string;
  readonly after?: Date;
  readonly before?: Date;
}

export interface ChainVerification {
  readonly valid: boolean;
  /** How many events hold, from the first on: all of them where the log is valid. */
  readonly events: number;
  /** Hash of the last event; 64 zeros for an empty log. */
  readonly head: string;
  /** Where the chain breaks: an event that was changed, or the number of one that is missing. */
  readonly firstInvalidSeq: number | null;
}
