import type { ChainLink } from '../audit/audit-record.js';
import { verifyChain } from '../audit/chain.js';
import { consistencyProof, inclusionProof } from '../audit/merkle-tree.js';
import { may } from '../identity/permissions.js';
import type { AuditEventFilter } from '../model/audit-event.js';
import { done, refused, type Refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { AuditEventService } from '../services.js';
import type { AuditEventReader, Store } from '../store/store.js';
import type { Checkpoints } from './evidence/checkpoints.js';

const exportChunk = 500;

/** The audit log, for those who may read it. */
export function auditEventService(
  { auditEvents, checkpoints: kept }: Pick<Store, 'auditEvents' | 'checkpoints'>,
  checkpoints: Checkpoints,
): AuditEventService {
  const whyNotSize = async (pointer: string, size: number): Promise<Refused | null> => {
    const { seq } = await auditEvents.head();
    return size <= seq ? null : invalid(pointer, `the log has ${seq} events`);
  };
  return {
    async list(principal, filter, page) {
      return whyNotRead(principal) ?? done(await auditEvents.list(filter, page));
    },
    export(principal, filter) {
      return whyNotRead(principal) ?? done(canonicalTexts(auditEvents, filter));
    },
    async verify(principal) {
      return whyNotRead(principal) ?? done(await verifyChain(auditEvents));
    },
    exportWithHashes(principal) {
      return whyNotRead(principal) ?? done(linesWithHashes(auditEvents, kept));
    },
    async checkpoint(principal) {
      const refusal = whyNotRead(principal);
      if (refusal !== null) return refusal;
      const last = (await kept.last()) ?? (await checkpoints.sign());
      return last === null ? refused({ kind: 'not-found' }) : done(last.note);
    },
    async checkpointKeys(principal) {
      const refusal = whyNotRead(principal);
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
      const refusal = whyNotRead(principal);
      if (refusal !== null) return refusal;
      const size = asked ?? ((await kept.last()) ?? (await checkpoints.sign()))?.size ?? 0;
      const whyNot =
        seq > size ? invalid('/size', `event ${seq} is not among the first ${size}`) : await whyNotSize('/size', size);
      if (whyNot !== null) return whyNot;
      return done({ size, index: seq - 1, hashes: await inclusionProof(checkpoints.tree, seq - 1, size) });
    },
    async consistencyProof(principal, from, to) {
      const refusal = whyNotRead(principal);
      if (refusal !== null) return refusal;
      const whyNot = from > to ? invalid('/from', 'must not be larger than "to"') : await whyNotSize('/to', to);
      if (whyNot !== null) return whyNot;
      return done({ size: to, hashes: await consistencyProof(checkpoints.tree, from, to) });
    },
  };
}

function whyNotRead(principal: Principal): Refused | null {
  if (may(principal, 'read-audit-events')) return null;
  return refused({ kind: 'not-permitted', message: 'reading the audit log takes the role auditor or admin' });
}

const invalid = (pointer: string, message: string): Refused =>
  refused({ kind: 'invalid-request', errors: [{ pointer, message }] });

async function* canonicalTexts(reader: AuditEventReader, filter: AuditEventFilter): AsyncIterable<string> {
  if (Object.keys(filter).length === 0) {
    for await (const { canonical } of allLinks(reader)) yield canonical;
    return;
  }
  let cursor: string | null = null;
  do {
    const page = await reader.list(filter, { limit: exportChunk, cursor });
    for (const event of page.items) yield event.canonical;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** The checkpoint is read first: the events that are exported are at least those for which it vouches. */
async function* linesWithHashes(reader: AuditEventReader, checkpoints: Store['checkpoints']): AsyncIterable<string> {
  const checkpoint = await checkpoints.last();
  for await (const { canonical, previousHash, hash } of allLinks(reader))
    yield `{"event":${canonical},"previousHash":"${previousHash}","hash":"${hash}"}`;
  if (checkpoint !== null) yield JSON.stringify({ checkpoint: checkpoint.note });
}

/** Every event that there is when it begins. */
async function* allLinks(reader: AuditEventReader): AsyncIterable<ChainLink> {
  const { seq: end } = await reader.head();
  for (let seq = 0; seq < end;) {
    const links = await reader.links(seq, Math.min(exportChunk, end - seq));
    yield* links;
    const last = links.at(-1);
    if (last === undefined) break;
    seq = last.seq;
  }
}
