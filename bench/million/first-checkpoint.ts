import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figureOf, inUnit, NotMeasurableError, type Row } from '../report.js';
import { RecordedTurns, type Period } from '../turns/recorded-turns.js';
import type { SeededDatabase } from './databases.js';

/**
 * So many seconds of processor time, and so many milliseconds of it in one turn of the event loop, may a million events
 * take.
 */
const [mostSeconds, mostMilliseconds] = [3, 15] as const;
const million = 1_000_000;

export interface SignedFirst {
  readonly size: number;
  /** The processor time of all threads of the process. */
  readonly cpuSeconds: number;
  readonly period: Period;
}

/**
 * Signs the first checkpoint of a log of a million events that has no tiles yet; of all events where there are fewer.
 */
export async function timeFirstCheckpoint(
  database: SeededDatabase,
  directory: string,
  certificates: number,
): Promise<readonly Row[]> {
  const size = Math.min(million, eventsPerCertificate * certificates);
  const { DATABASE_URL: url, KUBEPASS_DATA_DIR: dataDir = '' } = database.environment;
  const recorded = turnsOrNull(join(directory, 'turns'));
  const child = fork(
    fileURLToPath(new URL('./first-checkpoint-child.ts', import.meta.url)),
    [url ?? join(dataDir, 'kubepass.db'), String(size)],
    { execArgv: ['--import', 'tsx'], env: { ...process.env, ...recorded?.environment } },
  );
  let found: SignedFirst | null = null;
  child.on('message', (message) => (found = message as SignedFirst));
  await once(child, 'exit');
  const signed = found as SignedFirst | null;
  if (signed?.size !== size) throw new Error(`the first checkpoint of ${size} events was not signed`);
  const { cpuSeconds, period } = signed;
  const of = `${database.name}: the first checkpoint of ${size.toLocaleString('en')} events`;
  const clock = `${inUnit((period.ended - period.began) / 1000, 's')} on the clock`;
  const rows = [
    figureOf(`${of}: processor time`, [cpuSeconds], 's', { target: { atMost: mostSeconds }, details: clock }),
  ];
  if (recorded === null) return rows;
  const [longest = 0, ...others] = recorded.of(period).get('MainThread')?.turns ?? [];
  const details = `others over ${mostMilliseconds} ms: ${others.filter((turn) => turn > mostMilliseconds).length}`;
  const target = { atMost: mostMilliseconds };
  return [...rows, figureOf(`${of}: the longest turn of the event loop`, [longest], 'ms', { target, details })];
}

/** As `seedRows` makes them. */
const eventsPerCertificate = 3;

/** Null where they cannot be measured. */
function turnsOrNull(directory: string): RecordedTurns | null {
  try {
    return RecordedTurns.prepare(directory);
  } catch (error) {
    if (!(error instanceof NotMeasurableError)) throw error;
    console.error(`bench: NOT MEASURED: ${error.message}`);
    return null;
  }
}
