import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freshDatabase } from '../test/helpers/postgresql/databases.js';
import { postgresqlVersion, withDatabaseServer } from './peers/database-server.js';
import { startKubepass } from './peers/kubepass.js';
import { makeSigningJob } from './peers/signing-job.js';
import { steadyLoad, type SteadyExtent } from './peers/steady-load.js';
import { wordsOfThread } from './process-figures.js';
import { figureOf, inUnit, type Found, type Part, type Row, type Target } from './report.js';
import { RecordedTurns, type LongTurns } from './turns/recorded-turns.js';

const perSecond = 400;
/**
 * A turn is long from so many milliseconds of processor time on; so many of them may be that long; none may take more.
 */
const [long, mostLong, longest] = [8, 10, 30] as const;
const named = 3;

/**
 * Measures the longest turns of the threads of the service under a steady load. Everybody waits while the event loop or
 * the writer is in one. V8's major collection is in a turn of the event loop.
 */
export async function benchTurns(
  directory: string,
  extent: SteadyExtent,
  say: (text: string) => void,
  found: Found,
): Promise<Part> {
  // Before anything else: without a compiler there is nothing to measure.
  RecordedTurns.prepare(directory);
  const job = await makeSigningJob(join(directory, 'job'), 'P-256');
  const measure = async (database: 'SQLite' | 'PostgreSQL', databaseUrl: string) => {
    say(`turns on ${database}: ${perSecond} certificates a second`);
    const own = join(directory, database);
    mkdirSync(own);
    const recorded = RecordedTurns.prepare(own);
    const kubepass = await startKubepass(own, job, { databaseUrl, environment: recorded.environment });
    try {
      const { at, period } = await steadyLoad(kubepass, job, perSecond, extent);
      found(...rowsOf(database, recorded.of(period), at));
    } finally {
      await kubepass.stop();
    }
  };
  return withDatabaseServer(async (postgresql, missing) => {
    await measure('SQLite', '');
    if (postgresql !== null) await measure('PostgreSQL', (await freshDatabase(postgresql)).url);
    return { on: postgresql === null ? [] : [postgresqlVersion()], missing };
  });
}

/** How long a turn of a thread may be; a thread that is not here has no target. */
const targets: Readonly<Record<string, Target>> = {
  MainThread: { atMost: longest },
  'writer-thread': { atMost: long },
};

/** The threads that a request goes through have a row even if none of their turns was long. */
export function rowsOf(
  database: 'SQLite' | 'PostgreSQL',
  threads: ReadonlyMap<string, LongTurns>,
  at: string,
): readonly Row[] {
  const names = ['MainThread', ...(database === 'SQLite' ? ['writer-thread'] : [])];
  const withTurns = [...threads].filter(([, { turns }]) => turns.length > 0).map(([name]) => name);
  const loop = threads.get('MainThread')?.turns ?? [];
  return [
    figureOf(
      `${database}: turns of the event loop over ${long} ms of processor time, P-256 CA`,
      [over(long, loop)],
      'turns',
      { target: { atMost: mostLong }, details: at },
    ),
    ...new Set([...names, ...withTurns]).values().map((name) => {
      const { turns = [], syncs = [] } = threads.get(name) ?? {};
      const details = [
        `${over(long / 2, turns)} over ${long / 2} ms`,
        ...(turns.length > 1 ? [`the next ${turns.slice(1, named).map(inMilliseconds).join(' and ')}`] : []),
        ...(syncs.length > 0 ? [`its longest wait for the disk ${inMilliseconds(syncs[0]!)}`] : []),
      ];
      const what = `${database}: the longest turn of the ${wordsOfThread(name)}`;
      return figureOf(what, [turns[0] ?? 0], 'ms', { target: targets[name] ?? null, details: details.join(', ') });
    }),
  ];
}

const over = (limit: number, turns: readonly number[]): number => turns.filter((length) => length > limit).length;
const inMilliseconds = (length: number): string => inUnit(length, 'ms');
