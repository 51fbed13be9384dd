import { verifyChain } from '../audit/hash-chain.js';
import type { Context } from '../context/context.js';
import { whyNotPermitted } from '../callers/permissions.js';
import type { AuditEvent, AuditEventFilter, AuditEventPage, ChainVerification } from '../model/audit-event.js';
import { sentenceOf } from '../model/audit-sentence.js';
import { done, type Outcome, type Page, type PageQuery } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Store } from '../store/store.js';
import { exportedAtOnce, exportedLinks, lineWithHashes, MissingEventsError } from './exported-events.js';

/** Lines without line feeds. Reading fails where events are archived meanwhile, so that there is no gap. */
export interface AuditExport {
  /** The first event that the database shows: those before it are in archives. */
  readonly firstSeq: number;
  readonly lines: AsyncIterable<string>;
}

/** Reads the whole chain. Callers who come meanwhile share it, so that nobody has it read many times at once. */
export class SharedVerification {
  #underWay: ReturnType<typeof verifyChain> | null = null;

  constructor(private readonly auditEvents: Parameters<typeof verifyChain>[0]) {}

  verify(): ReturnType<typeof verifyChain> {
    return (this.#underWay ??= verifyChain(this.auditEvents).finally(() => {
      this.#underWay = null;
    }));
  }
}

/** A page of the log, each event with its sentence. */
export async function listAuditEvents(
  { store }: Context,
  principal: Principal,
  filter: AuditEventFilter,
  query: PageQuery,
): Promise<Outcome<Omit<AuditEventPage, 'items'> & Page<AuditEvent & { readonly sentence: string }>>> {
  const refusal = whyNotPermitted(principal, 'read-audit-events');
  if (refusal !== null) return refusal;
  const page = await store.auditEvents.list(filter, query);
  const asked = await store.requests.askedFor(page.items.flatMap(({ requestId }) => requestId ?? []));
  const told = (event: AuditEvent) => ({ ...event, sentence: sentenceOf(event, asked.get(event.requestId ?? '')) });
  return done({ ...page, items: page.items.map(told) });
}

/** The canonical text of every matching event in the database, oldest first, read in chunks. */
export const exportAuditEvents = (
  { store }: Context,
  principal: Principal,
  filter: AuditEventFilter,
): Promise<Outcome<AuditExport>> =>
  exported(store, principal, (first) => canonicalTexts(store.auditEvents, filter, first));

/** Every event in the database with its two hashes, oldest first, and then the last checkpoint over them. */
export const exportWithHashes = ({ store }: Context, principal: Principal): Promise<Outcome<AuditExport>> =>
  exported(store, principal, (first) => linesWithHashes(store.auditEvents, store.checkpoints, first));

export const verifyAuditLog = async (
  { verification }: { readonly verification: Pick<SharedVerification, 'verify'> },
  principal: Principal,
): Promise<Outcome<ChainVerification>> =>
  whyNotPermitted(principal, 'read-audit-events') ?? done(await verification.verify());

async function exported(
  { auditEvents }: Pick<Store, 'auditEvents'>,
  principal: Principal,
  linesFrom: (firstSeq: number) => AsyncIterable<string>,
): Promise<Outcome<AuditExport>> {
  const refusal = whyNotPermitted(principal, 'read-audit-events');
  if (refusal !== null) return refusal;
  const firstSeq = (await auditEvents.start()).seq + 1;
  return done({ firstSeq, lines: linesFrom(firstSeq) });
}

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
