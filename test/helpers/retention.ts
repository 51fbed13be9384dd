import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArchiveDirectory } from '../../src/log/archive-directory.js';
import { verifierKey } from '../../src/audit/signed-note.js';
import { verifyFiles } from '../../src/audit/verify-files.js';
import { Checkpoints, type CheckpointSigner } from '../../src/log/sign-checkpoints.js';
import { exportedLinks, lineWithHashes } from '../../src/log/exported-events.js';
import { ArchivedEvents, type RetentionContext, type ArchiveFiles } from '../../src/log/archive-events.js';
import type { AuditEventDraft } from '../../src/model/audit-event.js';
import type { Store } from '../../src/store/store.js';
import { newCheckpointSigner } from './checkpoint-signer.js';

export const now = new Date('2026-11-26T12:00:00Z');
/** Older than the tests' `afterDays`. */
export const longAgo = new Date('2026-01-05T08:00:00Z');

/** The i-th event of a log. The store knows no types of details, so any will do. */
export const anEventAt = (at: Date, i = 0): AuditEventDraft =>
  ({
    ...{ type: 'PolicyEvaluated', at, principal: 'hr', cluster: 'demo', requestId: null, fingerprintSha256: null },
    details: { username: `user-${i}`, groups: ['team-a'] },
  }) as unknown as AuditEventDraft;

/** Records so many events, a few in each record. `of` makes the i-th; default: an old one. */
export async function recordEvents(
  { writer }: Pick<Store, 'writer'>,
  count: number,
  of: (i: number) => AuditEventDraft = (i) => anEventAt(longAgo, i),
): Promise<void> {
  const steps: AuditEventDraft[][] = [];
  for (let i = 0; i < count; i += 3) steps.push(Array.from({ length: Math.min(3, count - i) }, (_, j) => of(i + j)));
  for (let begin = 0; begin < steps.length; begin += 500)
    await Promise.all(steps.slice(begin, begin + 500).map((events) => writer.commit({ operations: [], events })));
}

export interface TestRetention {
  readonly checkpoints: Checkpoints;
  readonly archived: ArchivedEvents;
  /** For `kubepass-verify --key`. */
  key(): Promise<string>;
}

export interface TestRetentionOptions {
  readonly signer?: CheckpointSigner;
  readonly clock?: () => Date;
  readonly files?: (files: ArchiveFiles) => ArchiveFiles;
  readonly eventsPerFile?: number;
  readonly log?: RetentionContext['log'];
  /** The process that signs checkpoints; default: always the same. */
  readonly owner?: string;
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Archives the log of a store into a directory: events older than 30 days. */
export async function retentionOn(
  store: Store,
  directory: string,
  {
    signer = newCheckpointSigner(),
    clock = () => now,
    files = (all) => all,
    eventsPerFile,
    log = silent,
    owner = 'test',
  }: TestRetentionOptions = {},
): Promise<TestRetention> {
  const checkpoints = new Checkpoints({
    soleProcess: false,
    ...{ store, signers: [signer], clock, log },
    ...{ retiresOthers: false, owner, deliveriesOf: () => [] },
  });
  await checkpoints.open();
  const archived = new ArchivedEvents({
    store,
    checkpoints,
    signers: [signer],
    files: files(new ArchiveDirectory(directory)),
    clock,
    log,
    afterDays: 30,
    ...(eventsPerFile !== undefined && { eventsPerFile }),
  });
  return {
    checkpoints,
    archived,
    async key() {
      const id = await store.checkpoints.instanceId();
      return verifierKey({ ...signer, name: `kubepass/${id}` });
    },
  };
}

/** The archives in a directory, in the order of their events. */
export const archivesIn = (directory: string): readonly string[] =>
  readdirSync(directory)
    .filter((name) => /^audit-\d+-\d+\.ndjson$/.test(name))
    .sort();

/** Exports what the database shows, with hashes, and behind it the last checkpoint. */
export async function exportTo(file: string, store: Store): Promise<string> {
  const { seq: start } = await store.auditEvents.start();
  const { seq: end } = await store.auditEvents.head();
  let text = '';
  for await (const link of exportedLinks(store.auditEvents, start, end)) text += `${lineWithHashes(link)}\n`;
  const checkpoint = await store.checkpoints.last();
  if (checkpoint) text += `${JSON.stringify({ checkpoint: checkpoint.note })}\n`;
  writeFileSync(file, text);
  return file;
}

export interface Verdict {
  readonly exitCode: number;
  readonly complaints: string;
  readonly events: number;
  readonly vouchedFor: number;
  readonly fault: {
    readonly reason: string;
    readonly firstSeq: number;
    readonly lastSeq: number;
    readonly file: string | null;
  } | null;
}

/** Asks `kubepass-verify` about these files. */
export async function verdictOn(files: readonly string[], key: string): Promise<Verdict> {
  const { output, complaints, exitCode } = await verifyFiles([...files, '--key', key, '--json']);
  return { exitCode, complaints, ...(JSON.parse(output || '{}') as Pick<Verdict, 'events' | 'vouchedFor' | 'fault'>) };
}

/** Asks `kubepass-verify` about all archives and the database behind them. */
export async function verdictOnAll(
  directory: string,
  store: Store,
  key: string,
  isWanted: (name: string) => boolean = () => true,
): Promise<Verdict> {
  const exported = await exportTo(join(directory, 'export.ndjson'), store);
  const archives = archivesIn(directory).filter(isWanted);
  return verdictOn([...archives.map((name) => join(directory, name)), exported], key);
}
