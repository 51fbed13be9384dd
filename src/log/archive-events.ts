import type { ArchiveDirectory } from './archive-directory.js';
import { setTimeout } from 'node:timers/promises';
import {
  archiveName,
  type ArchiveRead,
  ArchiveReading,
  type EventRange,
  NotAnArchiveError,
  rangeOfArchive,
} from '../audit/archive-reading.js';
import { type ChainHead, genesis } from '../audit/hash-chain.js';
import { checkpointText, readCheckpoint, type SignedCheckpoint } from '../audit/checkpoint.js';
import { consistencyProof, isConsistent, rootHash } from '../audit/merkle-tree.js';
import { readNote, readVerifierKey, signNote } from '../audit/signed-note.js';
import { auditEvent } from '../model/audit-event.js';
import { StoreBusyError } from '../model/errors.js';
import type { Store } from '../store/store.js';
import {
  type AuditArchive,
  type KeptTimeline,
  type StoredAuditRecord,
  pruneAuditRecords,
  requireArchivedThrough,
} from '../store/tables/audit-archive-table.js';
import type { Log } from '../context/context.js';
import type { Checkpoints, CheckpointSigner } from './sign-checkpoints.js';
import { lineWithHashes, linksWithoutGap, MissingEventsError } from './exported-events.js';
import { timelineEntry } from '../requests/read-requests.js';
import type { Restoration } from '../model/restoration.js';
import { inRounds, type Rounds } from '../context/in-rounds.js';

/**
 * Events of one tile of the Merkle tree. An archive ends with one, so that each of its events is in a complete tile.
 */
const tileEvents = 256;
const tileOctets = 32 * tileEvents;
const dayMilliseconds = 24 * 60 * 60 * 1000;
const defaultEventsPerFile = 391 * tileEvents;
/** Records that one commit deletes: about as much work as a commit of issuances. */
const recordsAtOnce = 100;
const busyMilliseconds = 500;

/** The directory of archives. Each method throws where the directory or the file cannot be used. */
export type ArchiveFiles = Pick<ArchiveDirectory, keyof ArchiveDirectory>;

export interface RetentionContext {
  readonly store: Pick<Store, 'auditArchives' | 'auditEvents' | 'checkpoints' | 'restorations' | 'writer'>;
  readonly checkpoints: Pick<Checkpoints, 'sign' | 'tree'>;
  readonly signers: readonly CheckpointSigner[];
  readonly files: ArchiveFiles;
  readonly clock: () => Date;
  readonly log: Log;
  /** Events that are older are archived. */
  readonly afterDays: number;
  /** How many events a file has at most; a multiple of 256. */
  readonly eventsPerFile?: number;
}

/** Archives cannot be made, or what they have cannot be pruned. */
class RetentionError extends Error {
  override readonly name = 'RetentionError';

  /** `summary`: why, without the path of a directory and without a full stop. `cause`: what the message adds to it. */
  constructor(
    readonly summary: string,
    cause?: unknown,
  ) {
    super(cause instanceof Error ? `${summary}: ${cause.message}` : summary, { cause });
  }
}

/**
 * Moves old events from the database to files. A file is written and is on disk, it is read again and compared with the
 * hashes of the tree, the log tells of it (`AuditEventsArchived`), and only then its events are deleted, a few in each
 * commit. A process that is killed leaves a file at most: the next one reads it, and goes on with it. Where two
 * processes do this at once, one commits, and the other finds that out in its own commit.
 */
export class ArchivedEvents {
  constructor(private readonly context: RetentionContext) {}

  /** Prunes archived events, then archives old ones. Throws `RetentionError` before it prunes anything unsafe. */
  async run(isStopped: () => boolean = () => false): Promise<void> {
    const { files, store } = this.context;
    await usable('the directory of the archives cannot be used', () => files.check());
    for (;;) {
      await this.#prune(isStopped);
      if (isStopped()) return;
      const last = await store.auditArchives.last();
      if (last !== null) await this.#expectFile(last);
      if (!(await this.#archiveNext(last, isStopped))) return;
    }
  }

  /** Archives the events behind `last`; false where there is nothing to archive now. */
  async #archiveNext(last: AuditArchive | null, isStopped: () => boolean): Promise<boolean> {
    const { files } = this.context;
    const signed = await this.context.checkpoints.sign(isStopped);
    if (signed === null || isStopped()) return false;
    const from = (last?.lastSeq ?? 0) + 1;
    const left = await this.#leftFile(from, signed);
    const range = left ?? (await this.#nextRange(from, last, signed));
    if (range === null) return false;
    const name = archiveName(range);
    const start = last === null ? genesis : { seq: last.lastSeq, hash: last.lastHash };
    const isWritten =
      left === null &&
      (await usable(`${name} cannot be written`, () =>
        files.write(name, this.#lines(range, start, signed, isStopped)),
      ));
    // A process that was killed may have left it before it was on disk.
    if (!isWritten) await usable(`${name} cannot be read`, () => files.sync(name));
    const { sha256, checkpoint } = await this.#verify(name, range, start);
    if (isStopped()) return false;
    await this.#tell(range, { sha256, checkpoint });
    return true;
  }

  /** The file that a process that died has left, with the next events, of which the log does not tell. */
  async #leftFile(from: number, signed: SignedCheckpoint): Promise<EventRange | null> {
    const { files, store, log } = this.context;
    const names = await usable('the directory of the archives cannot be read', () => files.names());
    const ranges = names.flatMap((name) => rangeOfArchive(name) ?? []);
    const past = ranges.filter((range) => range.from < from).map(archiveName);
    const known = new Set((await store.auditArchives.named(past)).map(({ file }) => file));
    for (const name of past) {
      if (known.has(name)) continue;
      // Another process was faster with the same events.
      log.warn({ file: name }, 'a file has events that another archive has: it is set aside');
      await files.setAside(name);
    }
    const next = ranges.find((range) => range.from === from) ?? null;
    if (next !== null && next.to > signed.size)
      throw new RetentionError(`${archiveName(next)} has events that this log does not have: move it away`);
    return next;
  }

  /**
   * The next events that are old enough, up to a size that may be signed. A file that is not full is made once a day.
   */
  async #nextRange(from: number, last: AuditArchive | null, signed: SignedCheckpoint): Promise<EventRange | null> {
    const { store, clock, afterDays, eventsPerFile = defaultEventsPerFile } = this.context;
    const now = clock().getTime();
    const old = await store.auditEvents.endBefore(new Date(now - afterDays * dayMilliseconds));
    const head = await store.auditEvents.head();
    // The last event stays in the database: the chain goes on from it.
    const most = Math.min(old, signed.size, head.seq - 1);
    const wished = from - 1 + eventsPerFile;
    const to = endOfArchive({ after: from - 1, wished, most }, await store.restorations.all());
    if (to === null) return null;
    const isFull = most >= wished;
    const isDue = last === null || now - last.archivedAt.getTime() >= dayMilliseconds;
    return isFull || isDue ? { from, to } : null;
  }

  /**
   * The lines of an archive. Throws before the last one where the log itself is damaged, so that no such file is made.
   */
  async *#lines(
    range: EventRange,
    start: ChainHead,
    signed: SignedCheckpoint,
    isStopped: () => boolean,
  ): AsyncIterable<string> {
    const checkpoint = JSON.stringify({ checkpoint: await this.#checkpointOf(range.to, signed) });
    const reading = new ArchiveReading(start);
    try {
      for await (const link of linksWithoutGap(this.context.store.auditEvents, start.seq, range.to)) {
        const line = lineWithHashes(link);
        if (isStopped()) throw new RetentionError('the service stops');
        reading.add(Buffer.from(line));
        yield line;
      }
      reading.add(Buffer.from(checkpoint));
      await this.#compare(reading.end(), range);
    } catch (error) {
      if (!(error instanceof NotAnArchiveError || error instanceof MissingEventsError)) throw error;
      throw new RetentionError('the audit log is damaged', error);
    }
    yield checkpoint;
  }

  /**
   * Signs the first `size` events, of which no checkpoint may be in the world with another root. Within this log there
   * is none: the tree of so many events must be a beginning of the tree of the last checkpoint. And it is no size that
   * may have been signed for the log that was here before a backup took its place.
   */
  async #checkpointOf(size: number, signed: SignedCheckpoint): Promise<string> {
    const { checkpoints, signers, store } = this.context;
    const { tree } = checkpoints;
    if (mayHaveAnotherRoot(size, await store.restorations.all()))
      throw new RetentionError(`the first ${size} events may have been signed with other events before a restore`);
    const root = await rootHash(tree, size);
    if (!isConsistent({ size, root }, signed, await consistencyProof(tree, size, signed.size)))
      throw new RetentionError('the hashes of the audit log are not those of its last checkpoint');
    const origin = await this.#origin();
    return signNote(
      checkpointText({ origin, size, root }),
      signers.map((signer) => ({ ...signer, name: origin })),
    );
  }

  async #origin(): Promise<string> {
    const id = await this.context.store.checkpoints.instanceId();
    if (id === null) throw new RetentionError('the audit log has no name yet');
    return `kubepass/${id}`;
  }

  /** Reads a file from disk, and compares it with the log. */
  async #verify(name: string, range: EventRange, start: ChainHead) {
    const reading = new ArchiveReading(start);
    try {
      const sha256 = await usable(`${name} cannot be read`, () =>
        this.context.files.read(name, (line) => {
          reading.add(line);
        }),
      );
      const read = reading.end();
      await this.#compare(read, range);
      return { sha256, checkpoint: read.checkpoint };
    } catch (error) {
      if (!(error instanceof NotAnArchiveError)) throw error;
      throw new RetentionError(`${name} is no archive of this log, move it away`, error);
    }
  }

  /** Compares an archive with the chain, the tree, and the keys that sign checkpoints. Throws `NotAnArchiveError`. */
  async #compare({ last, leaves, checkpoint }: ArchiveRead, { from, to }: EventRange): Promise<void> {
    const { store, checkpoints } = this.context;
    if (last.seq !== to) throw new NotAnArchiveError(`it ends with event ${last.seq}`);
    const [own] = await store.auditEvents.chunk(to - 1, 1);
    if (own?.seq !== to || own.hash !== last.hash) throw new NotAnArchiveError('its events are not those of this log');
    for (let seq = from; seq <= to; seq += tileEvents) {
      const tile = await store.checkpoints.tile(0, (seq - 1) / tileEvents);
      const begin = (seq - from) * 32;
      if (tile === null || !leaves.subarray(begin, begin + tileOctets).equals(tile))
        throw new NotAnArchiveError(`the tree has other hashes of events ${seq} to ${seq + tileEvents - 1}`);
    }
    const keys = (await store.checkpoints.keys()).flatMap(({ verifierKey }) => readVerifierKey(verifierKey) ?? []);
    const note = readNote(checkpoint, keys);
    const vouched = note.ok ? readCheckpoint(note.note.text) : null;
    const fits = vouched?.size === to && vouched.origin === (await this.#origin());
    if (!fits || !vouched.root.equals(await rootHash(checkpoints.tree, to)))
      throw new NotAnArchiveError('its checkpoint is none of this log');
  }

  /** Records the archive, unless another process was faster. */
  async #tell(
    { from, to }: EventRange,
    { sha256, checkpoint }: { readonly sha256: string; readonly checkpoint: string },
  ) {
    const { store, clock, log } = this.context;
    const details = { from, to, file: archiveName({ from, to }), sha256, checkpoint };
    const { committed } = await store.writer.commit({
      operations: [requireArchivedThrough(from - 1)],
      events: [auditEvent('AuditEventsArchived', clock(), null, details)],
    });
    if (committed) log.info({ from, to, file: details.file, sha256 }, 'events of the audit log are archived');
  }

  /** Deletes what archives have, after a look at each file. */
  async #prune(isStopped: () => boolean): Promise<void> {
    const { store } = this.context;
    for (const archive of await store.auditArchives.unpruned()) {
      if (isStopped()) return;
      await this.#expectWhole(archive);
      for (let after = 0; ;) {
        if (isStopped()) return;
        const records = await store.auditArchives.records(after, archive.lastSeq, recordsAtOnce);
        const last = records.at(-1);
        if (last === undefined) break;
        const began = performance.now();
        await this.#delete(records, after);
        after = last.lastSeq;
        // So that at least half of the writer's time is for others.
        await setTimeout(performance.now() - began);
      }
    }
  }

  async #delete(records: readonly StoredAuditRecord[], after: number): Promise<void> {
    const timelines = records.flatMap((record) => keptTimeline(record) ?? []);
    const operation = pruneAuditRecords({ timelines, after, through: records.at(-1)?.lastSeq ?? after });
    for (;;)
      try {
        await this.context.store.writer.commit({ operations: [operation], events: [] });
        return;
      } catch (error) {
        // People who ask for certificates come first.
        if (!(error instanceof StoreBusyError)) throw error;
        await setTimeout(busyMilliseconds);
      }
  }

  /** The last archive stays in the directory: by it a directory that is lost, or another one, is known. */
  async #expectFile({ file }: AuditArchive): Promise<void> {
    const names = await usable('the directory of the archives cannot be read', () => this.context.files.names());
    if (!names.includes(file))
      throw new RetentionError(`the last archive, ${file}, is not in the directory of the archives`);
  }

  async #expectWhole({ file, sha256 }: AuditArchive): Promise<void> {
    const found = await usable(`${file} cannot be read`, () => this.context.files.read(file, () => undefined));
    if (found !== sha256) throw new RetentionError(`${file} was changed since the log told of it`);
  }
}

function keptTimeline({ requestId, lastSeq, at, events }: StoredAuditRecord): KeptTimeline | null {
  if (requestId === null) return null;
  const entries = events.map(timelineEntry).map(({ type, principal, message }) => ({ type, principal, message }));
  return { requestId, lastSeq, at, entries };
}

async function usable<T>(whyNot: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotAnArchiveError || error instanceof RetentionError) throw error;
    throw new RetentionError(whyNot, error);
  }
}

type SignedBefore = Pick<Restoration, 'detectedBy' | 'events' | 'signedEvents'>;

/**
 * Whether a checkpoint of this size may be in the world with another root: of the events that the log had before a
 * backup took its place. Up to the last event of the backup both logs have the same events. Where the database went on
 * before anybody noticed, nobody knows where they part, and no size up to the one that was signed is safe.
 */
export function mayHaveAnotherRoot(size: number, restorations: readonly SignedBefore[]): boolean {
  return restorations.some(({ detectedBy, events, signedEvents }) => {
    if (signedEvents === null || size > signedEvents) return false;
    return size > events || (detectedBy === 'checkpoint' && signedEvents <= events);
  });
}

/**
 * With which event the next archive ends: a multiple of 256 above `after` and up to `most`, at best the largest up to
 * `wished`; null: it must wait. The file is longer than wished where every smaller size may have another root.
 */
export function endOfArchive(
  { after, wished, most }: { readonly after: number; readonly wished: number; readonly most: number },
  restorations: readonly SignedBefore[],
): number | null {
  const longest = Math.floor(most / tileEvents) * tileEvents;
  const first = Math.min(longest, Math.floor(wished / tileEvents) * tileEvents);
  for (let end = first; end > after; end -= tileEvents) if (!mayHaveAnotherRoot(end, restorations)) return end;
  for (let end = first + tileEvents; end <= longest; end += tileEvents)
    if (!mayHaveAnotherRoot(end, restorations)) return end;
  return null;
}

export interface Retention extends Rounds {
  /** Sentences about what keeps events from being archived. */
  notes(): readonly string[];
}

/** Archives and prunes old events at once and then at this interval. */
export function keepRetention(archived: ArchivedEvents, log: Log, roundMilliseconds: number): Retention {
  let note: string | null = null;
  const run = async (isStopped: () => boolean) => {
    try {
      await archived.run(isStopped);
      note = null;
    } catch (error) {
      if (isStopped()) return;
      const known = error instanceof RetentionError;
      // Everybody may read it: paths are in the log alone.
      note = `no audit event is archived or pruned: ${known ? error.summary : 'the log of the service says why'}`;
      if (known) log.warn({ reason: error.message }, 'no audit event is archived or pruned, it is tried again');
      else log.error({ err: error }, 'no audit event is archived or pruned, it is tried again');
    }
  };
  return { ...inRounds(run, roundMilliseconds), notes: () => (note === null ? [] : [note]) };
}
