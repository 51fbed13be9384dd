import { join } from 'node:path';
import { latenciesAt, measureThroughput } from './load/load.js';
import { median, takeTurns, type Turn } from './measure.js';
import { findPeers } from './peers/build-peers.js';
import { loadOf, type Contender, type SigningJob } from './peers/contender.js';
import { contenderNames, startContenders, stopContenders, versionsOf, type Contenders } from './peers/contenders.js';
import { withDatabaseServer } from './peers/database-server.js';
import { comparisons, overviewOf, peersCharts, type Measured, type Round, type Rounds } from './peers/peers-report.js';
import { physicalLimit, type PhysicalLimit } from './peers/physical-limit.js';
import { caAlgorithms, makeSigningJob } from './peers/signing-job.js';
import { processorMilliseconds, threadTimes } from './process-figures.js';
import { boundedLatencies, type Found, type Part, type Row } from './report.js';

/** How long each contender is measured. */
export interface Extent {
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly secondsOfArrivals: number;
}

/**
 * More requests than any contender answers on two cores. No request is sent twice, because step-ca accepts each only
 * once.
 */
const mostPerSecond = 6_000;
const maxP99Milliseconds = { sqlite: 30, postgresql: 50 } as const;
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
        const rounds = await measureRounds(contenders, job, limit, extent);
        const ofCa = { algorithm, rounds, limitBy: limit.by };
        measured.push(ofCa);
        found(...comparisons(ofCa));
        if (algorithm === 'RSA-2048') found(...(await measureLatencies(contenders, job, rounds, extent, say)));
      } finally {
        await stopContenders(contenders);
      }
    }
    return {
      overview: overviewOf(measured),
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
  { rounds, secondsPerRound }: Extent,
): Promise<Rounds> {
  const lanes: Record<string, Measurable> = {
    limit: { measure: async (seconds) => ({ perSecond: await limit.measure(seconds), cpu: null, threads: [] }) },
  };
  for (const [name, contender] of Object.entries(contenders)) lanes[name] = measurable(contender, job);
  const take = (times: number) => takeTurns(times, lanes, (lane) => lane.measure(secondsPerRound));
  // Warms up connections, caches, files that must grow, and code that is compiled once it is used often.
  await take(warmUpRounds);
  return (await take(rounds)) as Rounds & Record<string, readonly Round[]>;
}

function measurable(contender: Contender, job: SigningJob): Measurable {
  const { pid, databasePid } = contender;
  const meter = () => ({
    service: processorMilliseconds(pid),
    database: databasePid === null ? 0 : processorMilliseconds(databasePid),
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
      return { perSecond, cpu, threads };
    },
    end: () => contender.hold(),
  };
}

/** Measures how long an answer takes if requests arrive at half of the peak rate. */
async function measureLatencies(
  contenders: Contenders,
  job: SigningJob,
  rounds: Rounds,
  { secondsOfArrivals: seconds }: Extent,
  say: (text: string) => void,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const name of ['sqlite', 'postgresql'] as const) {
    const [contender, ofContender] = [contenders[name], rounds[name]];
    if (contender === undefined || ofContender === undefined) continue;
    const perSecond = Math.round(median(ofContender.map((round) => round.perSecond)) / 2);
    say(`${contenderNames[name]}: ${perSecond} requests a second, for ${seconds} s`);
    const load = loadOf(contender, job, perSecond * seconds);
    contender.release();
    const milliseconds = await latenciesAt({ ...load, perSecond, seconds });
    contender.hold();
    rows.push(
      boundedLatencies({
        what: `RSA-2048 CA, ${contenderNames[name]}: the 99th percentile at half of the peak rate`,
        milliseconds,
        at: `${perSecond}/s for ${seconds} s`,
        most: maxP99Milliseconds[name],
      }),
    );
  }
  return rows;
}
