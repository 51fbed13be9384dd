import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { postgresqlBinaries } from '../helpers/postgresql/binaries.js';
import { prepareDatabases } from '../helpers/postgresql/databases.js';
import { NoPostgresqlError, startPostgresql } from '../helpers/postgresql/server.js';
import { svgOf } from './chart.js';
import { latenciesAt, throughputOf } from './load/load.js';
import { median, takeTurns, type Turn } from './measure.js';
import { findPeers } from './peers/build-peers.js';
import { loadOf, type Contender, type SigningJob } from './peers/contender.js';
import {
  contenderNames,
  startContenders,
  stopContenders,
  type ContenderName,
  type Contenders,
  type DatabaseServer,
} from './peers/contenders.js';
import { physicalLimit, type PhysicalLimit } from './peers/physical-limit.js';
import { caAlgorithms, makeSigningJob, type CaAlgorithm } from './peers/signing-job.js';
import { boundedLatencies, comparedThroughput, rates, type Part, type Row, type Target } from './report.js';

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
const maxP99Milliseconds = 50;
const warmUpRounds = 3;

/** The target: the service does at least this many times as much as the peer. */
const targets: Readonly<Record<CaAlgorithm, Partial<Record<ContenderName, number>>>> = {
  'RSA-2048': { cfssl: 1.3, certdb: 4 },
  'P-256': { certdb: 5 },
};

/** Certificates a second, by round. */
type Throughput = Partial<Readonly<Record<ContenderName, readonly number[]>>> & { readonly limit: readonly number[] };

interface Measured {
  readonly algorithm: CaAlgorithm;
  readonly throughput: Throughput;
  readonly latencies: readonly Row[];
  readonly limit: PhysicalLimit;
}

/**
 * Compares the service with others that sign CSRs. They use the same CA key, the same CSRs and the same connections, in
 * turns.
 */
export async function benchPeers(directory: string, extent: Extent, say: (text: string) => void): Promise<Part> {
  const peers = await findPeers(say);
  const { postgresql, without } = await databaseServer();
  try {
    const measured: Measured[] = [];
    for (const algorithm of caAlgorithms) {
      const own = join(directory, algorithm);
      const job = await makeSigningJob(own, algorithm);
      const contenders = await startContenders(own, job, peers, postgresql);
      try {
        say(`${algorithm}: ${Object.keys(contenders).length} contenders take turns`);
        const limit = physicalLimit(algorithm);
        const throughput = await measureThroughput(contenders, job, limit, extent);
        const latencies =
          algorithm === 'RSA-2048' ? await measureLatencies(contenders, job, throughput, extent, say) : [];
        measured.push({ algorithm, throughput, latencies, limit });
      } finally {
        await stopContenders(contenders);
      }
    }
    return {
      rows: measured.flatMap((one) => [...comparisons(one), ...one.latencies]),
      before: `![Certificates a second, by contender: the figures of the table below](performance.svg)\n\n${tableOf(measured)}`,
      on: [
        ...(postgresql ? [postgresqlVersion()] : []),
        ...(peers.cfssl ? [`cfssl ${peers.cfssl.version}`] : []),
        ...(peers.stepCa ? [`step-ca ${peers.stepCa.version}`] : []),
        `each ${extent.rounds} × ${extent.secondsPerRound} s`,
      ],
      missing: [...peers.missing, ...without],
      chart: chartOf(measured),
    };
  } finally {
    await postgresql?.server.remove();
  }
}

async function databaseServer(): Promise<{
  readonly postgresql: DatabaseServer | null;
  readonly without: readonly string[];
}> {
  try {
    const server = await startPostgresql({ durable: true });
    // A held process would stay forever if this process ended.
    process.on('exit', () => {
      server.release();
      void server.kill();
    });
    return { postgresql: { server, ...(await prepareDatabases(server)) }, without: [] };
  } catch (error) {
    if (!(error instanceof NoPostgresqlError)) throw error;
    return { postgresql: null, without: [`${contenderNames.postgresql}: ${error.message}`] };
  }
}

function postgresqlVersion(): string {
  const { stdout } = spawnSync(join(postgresqlBinaries() ?? '', 'postgres'), ['--version'], { encoding: 'utf8' });
  return `PostgreSQL ${/\d+(\.\d+)*/.exec(stdout)?.[0] ?? 'of unknown version'}`;
}

interface Measurable extends Turn {
  perSecond(seconds: number): Promise<number>;
}

async function measureThroughput(
  contenders: Contenders,
  job: SigningJob,
  limit: PhysicalLimit,
  { rounds, secondsPerRound }: Extent,
): Promise<Throughput> {
  const lanes: Record<string, Measurable> = { limit: { perSecond: (seconds) => limit.measure(seconds) } };
  for (const [name, contender] of Object.entries(contenders)) lanes[name] = measurable(contender, job);
  const take = (times: number) => takeTurns(times, lanes, (lane) => lane.perSecond(secondsPerRound));
  // Warms up connections, caches, files that must grow, and code that is compiled once it is used often.
  await take(warmUpRounds);
  return (await take(rounds)) as Throughput & Record<string, readonly number[]>;
}

const measurable = (contender: Contender, job: SigningJob): Measurable => ({
  begin: () => contender.release(),
  perSecond: (seconds) => throughputOf(loadOf(contender, job, mostPerSecond * seconds), seconds),
  end: () => contender.hold(),
});

/** Measures how long an answer takes if requests arrive at half of the peak rate. */
async function measureLatencies(
  contenders: Contenders,
  job: SigningJob,
  throughput: Throughput,
  { secondsOfArrivals: seconds }: Extent,
  say: (text: string) => void,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const name of ['sqlite', 'postgresql'] as const) {
    const [contender, peak] = [contenders[name], throughput[name]];
    if (contender === undefined || peak === undefined) continue;
    const perSecond = Math.round(median(peak) / 2);
    say(`${contenderNames[name]}: ${perSecond} requests a second, for ${seconds} s`);
    const load = loadOf(contender, job, perSecond * seconds);
    contender.release();
    const milliseconds = await latenciesAt({ ...load, perSecond, seconds });
    contender.hold();
    rows.push(
      boundedLatencies({
        what:
          `RSA-2048 CA: ${contenderNames[name]}, where requests arrive at half of its peak rate: the 99th percentile ` +
          `of their time, as a part of ${maxP99Milliseconds} ms`,
        milliseconds,
        at: `${perSecond}/s for ${seconds} s`,
        most: maxP99Milliseconds,
        isPromised: name === 'sqlite',
      }),
    );
  }
  return rows;
}

function comparisons({ algorithm, throughput, limit }: Measured): readonly Row[] {
  const row = (ours: ContenderName, theirs: keyof Throughput, target: Target | null, called: string): Row[] => {
    const [one, other] = [throughput[ours], throughput[theirs]];
    if (one === undefined || other === undefined) return [];
    const what = `${algorithm} CA: ${contenderNames[ours]}, as a multiple of ${called}`;
    return [comparedThroughput({ what, ours: one, theirs: other, target })];
  };
  const beside = (ours: ContenderName, theirs: ContenderName): Row[] => {
    const times = ours === 'sqlite' ? targets[algorithm][theirs] : undefined;
    return row(ours, theirs, times === undefined ? null : { atLeast: times }, contenderNames[theirs]);
  };
  return [
    ...(['cfssl', 'certdb', 'stepCa'] as const).flatMap((peer) => beside('sqlite', peer)),
    ...(['cfssl', 'certdb', 'stepCa'] as const).flatMap((peer) => beside('postgresql', peer)),
    ...row('sqlite', 'limit', null, `the signatures that all cores make (\`${limit.by}\`)`),
  ];
}

/** A table of the measured rates, without comparisons. */
function tableOf(measured: readonly Measured[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const names = (Object.keys(contenderNames) as ContenderName[]).filter((name) => measured[0]?.throughput[name]);
  const figures = (key: keyof Throughput) =>
    measured.map(({ throughput }) => (throughput[key] ? rates(throughput[key]) : ''));
  return [
    line(['certificates a second', ...measured.map(({ algorithm }) => `${algorithm} CA`)]),
    line(['---', ...measured.map(() => '---:')]),
    ...names.map((name) => line([contenderNames[name], ...figures(name)])),
    line(['bare signatures on all cores', ...figures('limit')]),
  ].join('\n');
}

function chartOf(measured: readonly Measured[]): string {
  const names = Object.keys(contenderNames) as ContenderName[];
  return svgOf({
    title: 'From a CSR to its certificate, 32 connections',
    description: measured
      .map(({ algorithm, throughput }) => {
        const figures = names.flatMap((name) =>
          throughput[name] ? [`${contenderNames[name]} ${rates(throughput[name])}`] : [],
        );
        return `${algorithm} CA: ${figures.join(', ')}; bare signatures ${rates(throughput.limit)}.`;
      })
      .join(' '),
    groups: measured.map(({ algorithm, throughput, limit }) => ({
      title: `${algorithm} CA`,
      bars: names.flatMap((name) => {
        const perSecond = throughput[name];
        const ours = name === 'sqlite' || name === 'postgresql';
        return perSecond ? [{ label: contenderNames[name], perSecond, ours }] : [];
      }),
      limit: { label: `physical limit, signatures by ${limit.by}`, perSecond: median(throughput.limit) },
    })),
  });
}
