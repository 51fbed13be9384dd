import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './measure.js';
import { findPeers } from './peers/build-peers.js';
import type { SigningJob } from './peers/contender.js';
import { contenderNames, contenderStarts, versionsOf, type ContenderName, type Start } from './peers/contenders.js';
import { withDatabaseServer } from './peers/database-server.js';
import { expectCertificate } from './peers/expect-certificate.js';
import { makeSigningJob } from './peers/signing-job.js';
import { storageFigures, type StorageFigures } from './peers/storage-figures.js';
import { memoryOf } from './process-figures.js';
import { figureOf, inUnit, markdownTable, withRange, type Found, type Part, type Row } from './report.js';
import { ServiceUnderBench } from './service-under-bench.js';

/** How many starts and how many certificates are measured. */
export interface FootprintExtent {
  readonly starts: number;
  /** The service's certificates, enough for a stable figure; a peer issues a quarter of them. */
  readonly certificates: number;
}

const restMilliseconds = 5_000;
const maxReadySeconds = 1.5;
/** KiB a certificate, on SQLite. */
const [maxLog, maxKept] = [25, 4] as const;

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
  report: Found,
): Promise<Part> {
  const peers = await findPeers(say);
  const job = await makeSigningJob(directory, 'RSA-2048');
  return withDatabaseServer(async (postgresql, without) => {
    report(...startRows(await embeddedStarts(join(directory, 'embedded'), extent.starts)));
    const found: Partial<Record<ContenderName, Footprint>> = {};
    const starts = Object.entries(await contenderStarts(job, peers, postgresql)) as [ContenderName, Start][];
    for (const [name, start] of starts) {
      say(`${contenderNames[name]}: starts, rest, and certificates`);
      found[name] = await footprintOf(name, start, join(directory, name), job, extent);
    }
    report(...storageRows(found));
    return {
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
  const readyMilliseconds: number[] = [];
  for (let i = 0; i <= starts; i++) {
    const contender = await start(directory);
    await contender.stop();
    // The first start makes the files.
    if (i > 0) readyMilliseconds.push(contender.readyMilliseconds);
  }
  const contender = await start(directory);
  try {
    await sleep(restMilliseconds);
    const restingMebibytes = memoryOf(contender.pid).now;
    await expectCertificate(contenderNames[name], contender, job);
    const isOurs = name === 'sqlite' || name === 'postgresql';
    // Each certificate of certdb waits for its own commit. On a busy machine one of many may wait longer than its
    // limit.
    const own = name === 'certdb' ? { ...job, connections: 4 } : job;
    const storage = await storageFigures(contender, own, isOurs ? certificates : certificates / 4);
    return { readyMilliseconds, restingMebibytes, storage };
  } finally {
    await contender.stop();
  }
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
