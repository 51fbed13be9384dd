import { sendEach } from '../load/load.js';
import { ownWrittenOctets, writtenOctets } from '../process-figures.js';
import { loadOf, type Contender, type SigningJob } from './contender.js';
import type { Storage } from './storage.js';

/**
 * The write-ahead log is measured in rounds. A round has as many certificates as fill this number of pages, because
 * the log may be written from the beginning again after 6,000. A first round finds out how many those are.
 */
const pagesPerLogRound = 5_000;
const logRounds = 5;
const [fewCertificates, mostCertificates] = [250, 1_000] as const;

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

/** Issues that many certificates, and measures what the contender writes and keeps; null if it keeps nothing. */
export async function storageFigures(
  contender: Contender,
  job: SigningJob,
  certificates: number,
): Promise<StorageFigures | null> {
  const { storage, pid, database } = contender;
  if (storage === null) return null;
  let issued = 0;
  const issue = async (count: number) => {
    await sendEach(loadOf(contender, job, count));
    issued += count;
  };
  const read = async () => {
    const kept = await storage.keptOctets();
    // This process moves SQLite's log into the database where the service would do it a moment later.
    const written = writtenOctets(pid) + (database === null ? 0 : writtenOctets(database.pid)) + ownWrittenOctets();
    return { kept, written };
  };
  // The first pages of every table and index would count for more than they are worth.
  await issue(fewCertificates);
  const before = await read();
  issued = 0;
  await issue(certificates);
  // PostgreSQL writes a whole page to its log if it changes the page for the first time after a checkpoint. The
  // certificates above have changed most of them.
  const log = storage.measureLog && (await logFigures(storage.measureLog, issue));
  const after = await read();
  return { kept: (after.kept - before.kept) / issued, written: (after.written - before.written) / issued, log };
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
