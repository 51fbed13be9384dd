import type { AuditEventFilter, AuditEventPage, ChainVerification } from '../model/audit-event.js';
import type { Outcome } from '../model/outcome.js';
import type { PageQuery } from '../model/page.js';
import type { Principal } from '../model/principal.js';

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
