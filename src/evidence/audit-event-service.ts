import { verifyChain } from '../audit/chain.js';
import type { SignedCheckpoint } from '../audit/checkpoint.js';
import { consistencyProof, inclusionProof } from '../audit/merkle-tree.js';
import { whyNotPermitted } from '../identity/permissions.js';
import type { AuditEventFilter, AuditEventPage, ChainVerification } from '../model/audit-event.js';
import { done, refused, type Outcome, type Refused, type PageQuery } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Store } from '../store/store.js';
import type { Checkpoints } from './checkpoint-service.js';
import { exportedAtOnce, exportedLinks, lineWithHashes, MissingEventsError } from './exported-events.js';

export type LastCheckpoint = SignedCheckpoint;

/** Lines without line feeds. Reading fails where events are archived meanwhile, so that there is no gap. */
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

export type AuditEventService = ReturnType<typeof auditEventService>;

/** The audit log, for those who may read it. */
export function auditEventService(
  { auditEvents, checkpoints: kept }: Pick<Store, 'auditEvents' | 'checkpoints'>,
  checkpoints: Checkpoints,
) {
  const whyNotSize = async (pointer: string, size: number): Promise<Refused | null> => {
    const { seq } = await auditEvents.head();
    return size <= seq ? null : invalid(pointer, `the log has ${seq} events`);
  };
  let verification: ReturnType<typeof verifyChain> | null = null;
  /** Reads the whole chain. Callers who come meanwhile share it, so that nobody has it read many times at once. */
  const verified = () =>
    (verification ??= verifyChain(auditEvents).finally(() => {
      verification = null;
    }));
  const lastCheckpoint = async () => (await kept.last()) ?? (await checkpoints.sign());
  const exported = (principal: Principal, linesFrom: (firstSeq: number) => AsyncIterable<string>) =>
    toReaders<AuditExport>(principal, async () => {
      const firstSeq = (await auditEvents.start()).seq + 1;
      return done({ firstSeq, lines: linesFrom(firstSeq) });
    });
  return {
    list: (principal: Principal, filter: AuditEventFilter, page: PageQuery): Promise<Outcome<AuditEventPage>> =>
      toReaders(principal, async () => done(await auditEvents.list(filter, page))),
    /** The canonical text of every matching event in the database, oldest first, read in chunks. */
    export: (principal: Principal, filter: AuditEventFilter) =>
      exported(principal, (first) => canonicalTexts(auditEvents, filter, first)),
    verify: (principal: Principal): Promise<Outcome<ChainVerification>> =>
      toReaders(principal, async () => done(await verified())),
    /** Every event in the database with its two hashes, oldest first, and then the last checkpoint over them. */
    exportWithHashes: (principal: Principal) =>
      exported(principal, (first) => linesWithHashes(auditEvents, kept, first)),
    /** The last checkpoint; `not-found` for a log without events. */
    checkpoint: (principal: Principal): Promise<Outcome<LastCheckpoint>> =>
      toReaders(principal, async () => {
        const last = await lastCheckpoint();
        return last === null ? refused({ kind: 'not-found' }) : done(last);
      }),
    /** The keys that sign checkpoints, or did, in the form of C2SP signed-note; `validUntil` null while it signs. */
    checkpointKeys: (principal: Principal) =>
      toReaders(principal, async () =>
        done(
          (await kept.keys()).map(({ verifierKey, addedAt, retiredAt }) => ({
            key: verifierKey,
            validFrom: addedAt,
            validUntil: retiredAt,
          })),
        ),
      ),
    /** Proves that an event is in the log of this size; default: the size of the last checkpoint. */
    inclusionProof: (
      principal: Principal,
      seq: number,
      asked?: number,
    ): Promise<Outcome<LogProof & { readonly index: number }>> =>
      toReaders(principal, async () => {
        const size = asked ?? (await lastCheckpoint())?.size ?? 0;
        const whyNot =
          seq > size
            ? invalid('/query/size', `event ${seq} is not among the first ${size}`)
            : await whyNotSize('/query/size', size);
        return whyNot ?? done({ size, index: seq - 1, hashes: await inclusionProof(checkpoints.tree, seq - 1, size) });
      }),
    /** Proves that the log of the one size is the beginning of the log of the other. */
    consistencyProof: (principal: Principal, from: number, to: number): Promise<Outcome<LogProof>> =>
      toReaders(principal, async () => {
        const whyNot =
          from > to ? invalid('/query/from', 'must not be larger than "to"') : await whyNotSize('/query/to', to);
        return whyNot ?? done({ size: to, hashes: await consistencyProof(checkpoints.tree, from, to) });
      }),
  };
}

/** Answers those who may read the audit log. */
const toReaders = async <T>(principal: Principal, read: () => Promise<Outcome<T>>): Promise<Outcome<T>> =>
  whyNotPermitted(principal, 'read-audit-events') ?? read();

const invalid = (pointer: string, message: string): Refused =>
  refused({ kind: 'invalid-request', errors: [{ pointer, message }] });

async function* canonicalTexts(
  reader: Store['auditEvents'],
  filter: AuditEventFilter,
  firstSeq: number,
): AsyncIterable<string> {
  if (Object.keys(filter).length === 0) {
    const { seq: end } = await reader.head();
    for await (const { canonical } of exportedLinks(reader, firstSeq - 1, end)) yield canonical;
    return;
  }
  let cursor: string | null = null;
  let next = firstSeq;
  do {
    const page = await reader.list(filter, { limit: exportedAtOnce, cursor });
    // A cursor that an archive has overtaken goes on behind it.
    if (page.firstSeq > next) throw new MissingEventsError('events were archived during the export');
    for (const event of page.items) yield event.canonical;
    next = (page.items.at(-1)?.seq ?? next - 1) + 1;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** The checkpoint is read first: the events that are exported are at least those for which it vouches. */
async function* linesWithHashes(
  reader: Store['auditEvents'],
  checkpoints: Store['checkpoints'],
  firstSeq: number,
): AsyncIterable<string> {
  const checkpoint = await checkpoints.last();
  const { seq: end } = await reader.head();
  for await (const link of exportedLinks(reader, firstSeq - 1, end)) yield lineWithHashes(link);
  if (checkpoint !== null) yield JSON.stringify({ checkpoint: checkpoint.note });
}
