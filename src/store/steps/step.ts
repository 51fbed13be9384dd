import type { AuditEventDraft } from '../../model/audit-event.js';
import type { Certificate, RevokedCertificate } from '../../model/certificate.js';
import type { DirectoryUser } from '../../model/directory.js';
import type { IdentityBlock } from '../../model/identity.js';
import type { UnchainedRecord } from '../../audit/audit-record.js';
import type { SignedCheckpoint } from '../../audit/checkpoint.js';
import type { WebhookDelivery } from '../../model/webhook-delivery.js';
import type { Conflict, SqlDialect, Statement } from './statement.js';

/**
 * The changes of one use case and the audit events that record them, committed all or nothing. Many steps can share one
 * transaction, and every database can execute the same steps.
 */
export interface Step {
  readonly operations: readonly Write[];
  readonly events: readonly AuditEventDraft[];
  /**
   * The events as the log keeps them, from a writer that looked at their texts; default: the store packs them itself.
   */
  readonly packed?: readonly UnchainedRecord[];
}

/** A change of one table, or a condition of a step. The functions of `tables/` make writes. */
export interface Write {
  /**
   * The statements that execute the write, in order. Each statement finds in the database itself whatever it needs to
   * know, so all of them can be sent before the first is answered. Throws where a value has no form in the database:
   * then the step of the write fails alone.
   */
  readonly statements: (dialect: SqlDialect) => Statement | readonly Statement[];
  /**
   * About how many octets the write keeps for good, as far as a caller decides how many there are. A text is counted as
   * often as it is kept. Left out: none.
   */
  readonly octets?: () => number;
  /**
   * Whether the write records the end of an attempt. Its step is taken even if the queue is full, because a certificate
   * may be signed. Left out: no.
   */
  readonly endsAttempt?: boolean;
  /** Left out: nothing. */
  readonly tells?: Tells;
}

/** The facts of a write that other parts of this process act on. */
export interface Tells {
  readonly certificate?: Certificate;
  readonly revoked?: RevokedCertificate;
  readonly withdrawn?: Withdrawal;
  /** The id of a session. */
  readonly endedSession?: string;
  /** The id of an API token that was revoked because somebody left. */
  readonly leaversToken?: string;
  /** A user of the directory who was inserted or changed. */
  readonly directoryUser?: DirectoryUser;
  readonly checkpoint?: SignedCheckpoint;
  readonly webhooks?: readonly WebhookDelivery[];
}

/** A right other than a certificate that was taken or given back. */
export type Withdrawal =
  /** The id of the API token that was revoked. */
  | { readonly token: string; readonly at: Date }
  /** Null: the name was unblocked. */
  | { readonly folded: string; readonly block: IdentityBlock | null };

export type CommitResult = { readonly committed: true } | { readonly committed: false; readonly conflict: Conflict };

/** The one ordered writer commits steps in the order of their arrival, many in one transaction. */
export interface Writer {
  /**
   * Resolves when the commit is on disk. Throws `StoreBusyError` where the queue is full, and `StoreUnavailableError`
   * where the commit failed or its outcome is not known.
   */
  commit(step: Step): Promise<CommitResult>;
}
