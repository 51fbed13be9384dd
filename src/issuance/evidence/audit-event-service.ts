import { verifyChain } from '../../audit/chain.js';
import { consistencyProof, inclusionProof } from '../../audit/merkle-tree.js';
import { whyNotPermitted } from '../../identity/permissions.js';
import type { AuditEventFilter } from '../../model/audit-event.js';
import { done, refused, type Refused } from '../../model/outcome.js';
import type { AuditEventService } from '../../services/audit-events.js';
import type { AuditEventReader, Store } from '../../store/store.js';
import type { Checkpoints } from './checkpoints.js';
import { exportedAtOnce, exportedLinks, lineWithHashes, MissingEventsError } from './exported-events.js';

/** The audit log, for those who may read it. */
export function auditEventService(
  { auditEvents, checkpoints: kept }: Pick<Store, 'auditEvents' | 'checkpoints'>,
  checkpoints: Checkpoints,
): AuditEventService {
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
  return {
    async list(principal, filter, page) {
      return whyNotPermitted(principal, 'read-audit-events') ?? done(await auditEvents.list(filter, page));
    },
    async export(principal, filter) {
      const refusal = whyNotPermitted(principal, 'read-audit-events');
      if (refusal !== null) return refusal;
      const firstSeq = (await auditEvents.start()).seq + 1;
      return done({ firstSeq, lines: canonicalTexts(auditEvents, filter, firstSeq) });
    },
    async verify(principal) {
      return whyNotPermitted(principal, 'read-audit-events') ?? done(await verified());
    },
    async exportWithHashes(principal) {
      const refusal = whyNotPermitted(principal, 'read-audit-events');
      if (refusal !== null) return refusal;
      const firstSeq = (await auditEvents.start()).seq + 1;
      return done({ firstSeq, lines: linesWithHashes(auditEvents, kept, firstSeq) });
    },
    async checkpoint(principal) {
      const refusal = whyNotPermitted(principal, 'read-audit-events');
      if (refusal !== null) return refusal;
      const last = (await kept.last()) ?? (await checkpoints.sign());
      return last === null ? refused({ kind: 'not-found' }) : done(last.note);
    },
    async checkpointKeys(principal) {
      const refusal = whyNotPermitted(principal, 'read-audit-events');
      if (refusal !== null) return refusal;
      const keys = await kept.keys();
      return done(
        keys.map(({ verifierKey, addedAt, retiredAt }) => ({
          key: verifierKey,
          validFrom: addedAt,
          validUntil: retiredAt,
        })),
      );
    },
    async inclusionProof(principal, seq, asked) {
      const refusal = whyNotPermitted(principal, 'read-audit-events');
      if (refusal !== null) return refusal;
      const size = asked ?? ((await kept.last()) ?? (await checkpoints.sign()))?.size ?? 0;
      const whyNot =
        seq > size
          ? invalid('/query/size', `event ${seq} is not among the first ${size}`)
          : await whyNotSize('/query/size', size);
      if (whyNot !== null) return whyNot;
      return done({ size, index: seq - 1, hashes: await inclusionProof(checkpoints.tree, seq - 1, size) });
    },
    async consistencyProof(principal, from, to) {
      const refusal = whyNotPermitted(principal, 'read-audit-events');
      if (refusal !== null) return refusal;
      const whyNot =
        from > to ? invalid('/query/from', 'must not be larger than "to"') : await whyNotSize('/query/to', to);
      if (whyNot !== null) return whyNot;
      return done({ size: to, hashes: await consistencyProof(checkpoints.tree, from, to) });
    },
  };
}

const invalid = (pointer: string, message: string): Refused =>
  refused({ kind: 'invalid-request', errors: [{ pointer, message }] });

async function* canonicalTexts(
  reader: AuditEventReader,
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
  reader: AuditEventReader,
  checkpoints: Store['checkpoints'],
  firstSeq: number,
): AsyncIterable<string> {
  const checkpoint = await checkpoints.last();
  const { seq: end } = await reader.head();
  for await (const link of exportedLinks(reader, firstSeq - 1, end)) yield lineWithHashes(link);
  if (checkpoint !== null) yield JSON.stringify({ checkpoint: checkpoint.note });
}
