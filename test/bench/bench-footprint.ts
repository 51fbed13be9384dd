import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sendEach } from './load/load.js';
import { median } from './measure.js';
import { findPeers } from './peers/build-peers.js';
import { loadOf, type Contender, type SigningJob } from './peers/contender.js';
import { contenderNames, contenderStarts, versionsOf, type ContenderName, type Start } from './peers/contenders.js';
import { withDatabaseServer } from './peers/database-server.js';
import { expectCertificate } from './peers/expect-certificate.js';
import { makeSigningJob } from './peers/signing-job.js';
import type { Storage } from './peers/storage.js';
import { memoryOf, writtenOctets } from './process-figures.js';
import { figureOf, inUnit, markdownTable, withRange, type Part, type Row } from './report.js';
import { ServiceUnderBench } from './service-under-bench.js';

/** How many starts and how many certificates are measured. */
export interface FootprintExtent {
  readonly starts: number;
  /** The service's certificates, enough for a stable figure; a peer issues a quarter of them. */
  readonly certificates: number;
}

const restMilliseconds = 5_000;
/**
 * The write-ahead log is measured in rounds. A round has as many certificates as fill this number of pages, because
 * SQLite may write its log from the beginning again after 8,000. A first round finds out how many those are.
 */
const pagesPerLogRound = 6_000;
const logRounds = 5;
const [fewCertificates, mostCertificates] = [250, 1_000] as const;

const maxReadySeconds = 1.5;
/** KiB a certificate, on SQLite. */
const [maxLog, maxKept] = [25, 4] as const;

/** Octets for each certificate. */
export interface StorageFigures {
  /** The growth of the database. */
  readonly kept: number;
  /** The writes to all files, with every log and the database itself. */
  readonly written: number;
  /** By round; null if the database has no log that can be measured. */
  readonly log: readonly LogFigures[] | null;
}

interface LogFigures {
  readonly octets: number;
  readonly pages: number | null;
}

interface Footprint {
  /** By start, with files of an earlier start. */
  readonly readyMilliseconds: readonly number[];
  readonly restingMebibytes: number;
  readonly storage: StorageFigures | null;
}

/** Measures the start, the memory at rest, and the writes for a certificate, of each contender alone. */
export async function benchFootprint(
  directory: string,
  extent: FootprintExtent,
  say: (text: string) => void,
): Promise<Part> {
  const peers = await findPeers(say);
  const job = await makeSigningJob(directory, 'RSA-2048');
  return withDatabaseServer(async (postgresql, without) => {
    const embedded = await embeddedStarts(join(directory, 'embedded'), extent.starts);
    const found: Partial<Record<ContenderName, Footprint>> = {};
    const starts = Object.entries(await contenderStarts(job, peers, postgresql)) as [ContenderName, Start][];
    for (const [name, start] of starts) {
      say(`${contenderNames[name]}: starts, rest, and certificates`);
      found[name] = await footprintOf(name, start, join(directory, name), job, extent);
    }
    return {
      rows: [...startRows(embedded), ...storageRows(found)],
      overview: overviewOf(found),
      on: versionsOf(peers, postgresql),
      missing: [...peers.missing, ...without],
    };
  });
}

async function footprintOf(
  name: ContenderName,
  start: Start,
  directory: string,
  job: SigningJob,
  { starts, certificates }: FootprintExtent,
): Promise<Footprint> {
  mkdirSync(directory);
  await (await start(directory)).stop();
  const readyMilliseconds: number[] = [];
  for (;;) {
    const contender = await start(directory);
    readyMilliseconds.push(contender.readyMilliseconds);
    try {
      if (readyMilliseconds.length < starts) continue;
      await sleep(restMilliseconds);
      const restingMebibytes = memoryOf(contender.pid).now;
      await expectCertificate(contenderNames[name], contender, job);
      const isOurs = name === 'sqlite' || name === 'postgresql';
      const storage = await storageFigures(contender, job, isOurs ? certificates : certificates / 4);
      return { readyMilliseconds, restingMebibytes, storage };
    } finally {
      await contender.stop();
    }
  }
}

/** Issues that many certificates, and measures what the contender writes and keeps; null if it keeps nothing. */
export async function storageFigures(
  contender: Contender,
  job: SigningJob,
  certificates: number,
): Promise<StorageFigures | null> {
  const { storage, pid, databasePid } = contender;
  if (storage === null) return null;
  const issue = (count: number) => sendEach(loadOf(contender, job, count));
  const written = () => writtenOctets(pid) + (databasePid === null ? 0 : writtenOctets(databasePid));
  // The first pages of every table and index would count for more than they are worth.
  await issue(fewCertificates);
  const before = { kept: await storage.keptOctets(), written: written() };
  await issue(certificates);
  const after = { kept: await storage.keptOctets(), written: written() };
  return {
    kept: (after.kept - before.kept) / certificates,
    written: (after.written - before.written) / certificates,
    log: storage.measureLog && (await logFigures(storage.measureLog, issue)),
  };
}

async function logFigures(
  measureLog: NonNullable<Storage['measureLog']>,
  issue: (count: number) => Promise<void>,
): Promise<readonly LogFigures[]> {
  const round = async (count: number): Promise<LogFigures> => {
    const grown = await measureLog();
    await issue(count);
    const { octets, pages } = await grown();
    return { octets: octets / count, pages: pages === null ? null : pages / count };
  };
  const { pages } = await round(fewCertificates);
  const fitting = pages === null ? mostCertificates : Math.floor(pagesPerLogRound / pages);
  const rounds: LogFigures[] = [];
  for (let i = 0; i < logRounds; i++) rounds.push(await round(Math.min(fitting, mostCertificates)));
  return rounds;
}

interface EmbeddedStarts {
  /** The first start, which makes the data dir, the CA and the database. */
  readonly first: number;
  readonly later: readonly number[];
}

/** Starts of the service with nothing configured. */
async function embeddedStarts(directory: string, starts: number): Promise<EmbeddedStarts> {
  const seconds: number[] = [];
  for (let i = 0; i <= starts; i++) {
    const service = await ServiceUnderBench.start(directory);
    seconds.push(service.readyMilliseconds / 1000);
    await service.stop();
  }
  return { first: seconds[0]!, later: seconds.slice(1) };
}

const startRows = ({ first, later }: EmbeddedStarts): readonly Row[] => [
  figureOf('embedded default: from the start of the process until ready', later, 's', {
    target: { atMost: maxReadySeconds },
    details: `${inUnit(first, 's')} for the first start, which makes the CA and the database`,
  }),
];

function storageRows({ sqlite, postgresql }: Partial<Readonly<Record<ContenderName, Footprint>>>): readonly Row[] {
  const rowsOf = (
    name: string,
    { storage }: Footprint,
    limits: { readonly log: number; readonly kept: number } | null,
  ) =>
    storage === null
      ? []
      : [
          figureOf(
            `${name}: write-ahead log for a certificate`,
            kibibytes(storage.log?.map(({ octets }) => octets)),
            'KiB',
            {
              target: limits && { atMost: limits.log },
              details: pagesText(storage),
            },
          ),
          figureOf(`${name}: growth of the database for a certificate`, kibibytes([storage.kept]), 'KiB', {
            target: limits && { atMost: limits.kept },
          }),
        ];
  return [
    ...(sqlite ? rowsOf('SQLite', sqlite, { log: maxLog, kept: maxKept }) : []),
    ...(postgresql ? rowsOf('PostgreSQL', postgresql, null) : []),
  ];
}

const kibibytes = (octets: readonly number[] = []): readonly number[] => octets.map((value) => value / 1024);

function pagesText({ log }: StorageFigures): string {
  const pages = (log ?? []).flatMap((round) => round.pages ?? []);
  return pages.length === 0 ? '' : `${median(pages).toFixed(1)} pages of a table or an index`;
}

function overviewOf(found: Partial<Readonly<Record<ContenderName, Footprint>>>): string {
  const text = (octets: readonly number[]) => inUnit(median(kibibytes(octets)), 'KiB');
  return markdownTable(
    [
      '',
      'until ready',
      'memory at rest',
      'log for a certificate',
      'written for a certificate',
      'kept of a certificate',
    ],
    Object.entries(found).map(([name, { readyMilliseconds, restingMebibytes, storage }]) => [
      contenderNames[name as ContenderName],
      withRange(readyMilliseconds, 'ms'),
      inUnit(restingMebibytes, 'MiB'),
      storage?.log ? text(storage.log.map(({ octets }) => octets)) : '',
      storage ? text([storage.written]) : 'nothing',
      storage ? text([storage.kept]) : 'nothing',
    ]),
    ['---', '---:', '---:', '---:', '---:', '---:'],
  );
}
