import { join } from 'node:path';
import { measureThroughput } from './load/load.js';
import { median, takeTurns, type Turn } from './measure.js';
import { findPeers } from './peers/build-peers.js';
import { loadOf, type Contender, type SigningJob } from './peers/contender.js';
import {
  contenderNames,
  ourNames,
  startContenders,
  stopContenders,
  versionsOf,
  type ContenderName,
  type Contenders,
} from './peers/contenders.js';
import { withDatabaseServer } from './peers/database-server.js';
import { comparisons, overviewOf, peersCharts, workOf, type Measured, type Rounds } from './peers/peers-report.js';
import { physicalLimit, type PhysicalLimit } from './peers/physical-limit.js';
import { modelledProcesses, type AtConnections } from './peers/process-model.js';
import { caAlgorithms, makeSigningJob, type CaAlgorithm } from './peers/signing-job.js';
import type { Round } from './peers/round.js';
import { steadyLoad, type SteadyExtent } from './peers/steady-load.js';
import { processorMilliseconds, threadTimes } from './process-figures.js';
import { boundedLatencies, type Found, type Part } from './report.js';

/** How long each contender is measured. */
export interface Extent extends SteadyExtent {
  readonly rounds: number;
  readonly secondsPerRound: number;
}

/**
 * More requests than any contender answers on two cores. No request is sent twice, because step-ca accepts each only
 * once.
 */
const mostPerSecond = 6_000;
/** The 99.9th percentile may be twice as long. */
const maxP99Milliseconds = { sqlite: 20, postgresql: 30 } as const;
const warmUpRounds = 3;

/**
 * Compares the service with others that sign CSRs. They use the same CA key, the same CSRs and the same connections, in
 * turns.
 */
export async function benchPeers(
  directory: string,
  extent: Extent,
  say: (text: string) => void,
  found: Found,
): Promise<Part> {
  const peers = await findPeers(say);
  return withDatabaseServer(async (postgresql, without) => {
    const measured: Measured[] = [];
    for (const algorithm of caAlgorithms) {
      const own = join(directory, algorithm);
      const job = await makeSigningJob(own, algorithm);
      const contenders = await startContenders(own, job, peers, postgresql);
      try {
        say(`${algorithm}: ${Object.keys(contenders).length} contenders take turns`);
        const limit = physicalLimit(algorithm);
        const { rounds, connectionsMade } = await measureRounds(contenders, job, limit, extent);
        // The other CA's key is at work elsewhere: in the thread pool, which has several threads.
        const shared = algorithm === 'P-256' ? await measureShared(contenders, job, extent) : [];
        found(...comparisons(algorithm, rounds));
        const latencies = await measureLatencies(algorithm, contenders, job, rounds, extent, say, found);
        measured.push({ algorithm, rounds, limitBy: limit.by, connectionsMade, shared, latencies });
      } finally {
        await stopContenders(contenders);
      }
    }
    return {
      overview: overviewOf(measured),
      work: workOf(measured),
      on: [...versionsOf(peers, postgresql), `each ${extent.rounds} × ${extent.secondsPerRound} s`],
      missing: [...peers.missing, ...without],
      charts: peersCharts(measured),
    };
  });
}

interface Measurable extends Turn {
  measure(seconds: number): Promise<Round>;
}

async function measureRounds(
  contenders: Contenders,
  job: SigningJob,
  limit: PhysicalLimit,
  extent: Extent,
): Promise<Pick<Measured, 'rounds' | 'connectionsMade'>> {
  const lanes: Record<string, Measurable> = {
    limit: {
      measure: async (seconds) => ({ perSecond: await limit.measure(seconds), answered: 0, cpu: null, threads: [] }),
    },
  };
  for (const [name, contender] of Object.entries(contenders)) lanes[name] = measurable(contender, job);
  // Warms up connections, caches, files that must grow, and code that is compiled once it is used often.
  await take(warmUpRounds, lanes, extent);
  const before = await connectionsOf(contenders);
  const rounds = (await take(extent.rounds, lanes, extent)) as Rounds & Record<string, readonly Round[]>;
  const after = await connectionsOf(contenders);
  const made = Object.entries(after).map(([name, connections]) => {
    const answered = rounds[name]!.reduce((sum, round) => sum + round.answered, 0);
    return [name, (connections - before[name]!) / answered] as const;
  });
  return { rounds, connectionsMade: Object.fromEntries(made) };
}

const take = (times: number, lanes: Readonly<Record<string, Measurable>>, { secondsPerRound }: Extent) =>
  takeTurns(times, lanes, (lane) => lane.measure(secondsPerRound));

async function connectionsOf(contenders: Contenders): Promise<Record<string, number>> {
  const made: Record<string, number> = {};
  for (const [name, { database }] of Object.entries(contenders))
    if (database !== null) made[name] = await database.connectionsMade();
  return made;
}

/** Measures the service on PostgreSQL with as many requests at a time as each of several processes has. */
async function measureShared(
  { postgresql }: Contenders,
  job: SigningJob,
  extent: Extent,
): Promise<readonly AtConnections[]> {
  if (postgresql === undefined) return [];
  const each = modelledProcesses.map((processes) => job.connections / processes);
  const lanes = Object.fromEntries(
    each.map((connections) => [`at ${connections}`, measurable(postgresql, { ...job, connections })]),
  );
  const rounds = await take(extent.rounds, lanes, extent);
  return each.map((connections) => ({ connections, rounds: rounds[`at ${connections}`]! }));
}

function measurable(contender: Contender, job: SigningJob): Measurable {
  const { pid, database } = contender;
  const meter = () => ({
    service: processorMilliseconds(pid),
    database: database === null ? 0 : processorMilliseconds(database.pid),
    threads: threadTimes(pid),
  });
  return {
    begin: () => contender.release(),
    measure: async (seconds) => {
      const load = loadOf(contender, job, mostPerSecond * seconds);
      const { perSecond, answered, before, after } = await measureThroughput(load, seconds, meter);
      const cpu = {
        service: (after.service - before.service) / answered,
        database: (after.database - before.database) / answered,
      };
      const threads = [...after.threads].map(([name, { busy, waiting }]) => {
        const began = before.threads.get(name) ?? { busy: 0, waiting: 0 };
        return { name, busy: (busy - began.busy) / answered, waiting: (waiting - began.waiting) / answered };
      });
      return { perSecond, answered, cpu, threads };
    },
    end: () => contender.hold(),
  };
}

/** Measures how long an answer takes if requests arrive at half of the peak rate. Returns the 99th percentiles. */
async function measureLatencies(
  algorithm: CaAlgorithm,
  contenders: Contenders,
  job: SigningJob,
  rounds: Rounds,
  extent: Extent,
  say: (text: string) => void,
  found: Found,
): Promise<Measured['latencies']> {
  const latencies: Partial<Record<ContenderName, number>> = {};
  for (const name of ourNames) {
    const [contender, ofContender] = [contenders[name], rounds[name]];
    if (contender === undefined || ofContender === undefined) continue;
    const perSecond = Math.round(median(ofContender.map((round) => round.perSecond)) / 2);
    say(`${algorithm} CA, ${contenderNames[name]}: ${perSecond} requests a second, for ${extent.steadySeconds} s`);
    contender.release();
    const { milliseconds, at } = await steadyLoad(contender, job, perSecond, extent);
    contender.hold();
    const what = `${algorithm} CA, ${contenderNames[name]}, at half of the peak rate`;
    const most = maxP99Milliseconds[name];
    const rows = boundedLatencies({ what, milliseconds, at, most, mostOfAll: 2 * most });
    found(...rows);
    latencies[name] = rows[0]!.figure;
  }
  return latencies;
}
