import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { throughputOf, type Load } from './load/load.js';
import { requestOctets } from './load/http-connection.js';
import { median, takeTurns } from './measure.js';
import { loadOf, type SigningJob } from './peers/contender.js';
import { startKubepass } from './peers/kubepass.js';
import { caAlgorithms, makeSigningJob } from './peers/signing-job.js';
import type { Part, Row } from './report.js';
import { ServiceUnderBench, type Program } from './service-under-bench.js';

/** Two programs that take turns: these sources, and the build of another checkout. */
const sides = ['ours', 'theirs'] as const;
type Side = (typeof sides)[number];

interface Extent {
  readonly rounds: number;
  readonly secondsPerRound: number;
}

/** A service with one kind of request that it is asked. */
interface Asked {
  readonly service: ServiceUnderBench;
  readonly load: Load;
}

/** The result of one round of one side. */
interface Figures {
  readonly perSecond: number;
  /** Milliseconds of processor time that the service's process took for each answer. */
  readonly cpu: number;
}

const connections = 32;
const warmUpRounds = 3;
const starts = 7;
const mostPerSecond = 8_000;
const certificate = new URL('../fixtures/inspection/user/input.pem', import.meta.url);

/**
 * Compares this checkout with an earlier one. Both get the same load in turns. Measures the cost of an issued
 * certificate, an inspection, a start and an idle process.
 */
export async function benchAgainst(directory: string, theirs: Program, extent: Extent): Promise<Part> {
  const programs: Readonly<Record<Side, Program | undefined>> = { ours: undefined, theirs };
  const rows: Row[] = [];
  for (const algorithm of caAlgorithms) {
    const job = await makeSigningJob(join(directory, algorithm), algorithm);
    const what = `a certificate, ${algorithm} CA`;
    rows.push(
      ...(await inTurns(what, extent, (side) => issuing(join(directory, algorithm, side), job, programs[side]))),
    );
  }
  rows.push(...(await inTurns('an inspection', extent, (side) => inspecting(join(directory, side), programs[side]))));
  rows.push(...(await starting(join(directory, 'start'), programs)));
  return { rows };
}

async function issuing(directory: string, job: SigningJob, program: Program | undefined): Promise<Asked> {
  mkdirSync(directory, { recursive: true });
  const contender = await startKubepass(directory, job, '', program);
  return { service: contender.service, load: loadOf(contender, job, mostPerSecond) };
}

async function inspecting(directory: string, program: Program | undefined): Promise<Asked> {
  const service = await ServiceUnderBench.start(directory, undefined, '', program);
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/x-pem-file' };
  const request = requestOctets(service.target, 'POST', '/v1/inspections', headers, readFileSync(certificate, 'utf8'));
  return { service, load: { target: service.target, connections, requests: [request], expectedStatus: 200 } };
}

async function inTurns(
  what: string,
  { rounds, secondsPerRound }: Extent,
  start: (side: Side) => Promise<Asked>,
): Promise<readonly Row[]> {
  const asked: Partial<Record<Side, Asked>> = {};
  try {
    for (const side of sides) {
      asked[side] = await start(side);
      asked[side].service.hold();
    }
    const lanes = Object.fromEntries(
      Object.entries(asked).map(([side, { service, load }]) => [
        side,
        {
          begin: () => service.release(),
          once: () => figuresOf(service, load, secondsPerRound),
          end: () => service.hold(),
        },
      ]),
    ) as Record<Side, { begin: () => void; once: () => Promise<Figures>; end: () => void }>;
    await takeTurns(warmUpRounds, lanes, (lane) => lane.once());
    const { ours, theirs } = await takeTurns(rounds, lanes, (lane) => lane.once());
    return [
      compared(`processor time of ${what}, ms`, ours.map(cpuOf), theirs.map(cpuOf)),
      compared(`${what}, a second`, ours.map(rateOf), theirs.map(rateOf)),
    ];
  } finally {
    for (const { service } of Object.values(asked)) await service.stop();
  }
}

const cpuOf = ({ cpu }: Figures): number => cpu;
const rateOf = ({ perSecond }: Figures): number => perSecond;

async function figuresOf(service: ServiceUnderBench, load: Load, seconds: number): Promise<Figures> {
  const before = service.processorMilliseconds();
  const began = performance.now();
  const perSecond = await throughputOf(load, seconds);
  const answered = perSecond * ((performance.now() - began) / 1000);
  return { perSecond, cpu: (service.processorMilliseconds() - before) / answered };
}

/**
 * The time from the start of the process until it is ready, with a data dir that it has used before, and the memory
 * that it then holds.
 */
async function starting(
  directory: string,
  programs: Readonly<Record<Side, Program | undefined>>,
): Promise<readonly Row[]> {
  const lanes = { ours: {}, theirs: {} };
  const { ours, theirs } = await takeTurns(starts, lanes, async (_, side) => {
    const began = performance.now();
    const service = await ServiceUnderBench.start(join(directory, side), undefined, '', programs[side]);
    const milliseconds = performance.now() - began;
    const mebibytes = service.memory().now;
    await service.stop();
    return { milliseconds, mebibytes };
  });
  const [firstOurs, firstTheirs] = [ours.slice(1), theirs.slice(1)];
  return [
    compared(
      'from the start until ready, ms',
      firstOurs.map((one) => one.milliseconds),
      firstTheirs.map((one) => one.milliseconds),
    ),
    compared(
      'resident memory when ready, MiB',
      firstOurs.map((one) => one.mebibytes),
      firstTheirs.map((one) => one.mebibytes),
    ),
  ];
}

function compared(what: string, ours: readonly number[], theirs: readonly number[]): Row {
  const figures = (values: readonly number[]): string => {
    const digits = median(values) < 100 ? 3 : 0;
    return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
  };
  return {
    what: `${what}, as a multiple of the other checkout's`,
    ratio: median(ours) / median(theirs),
    ratios: ours.map((one, i) => one / theirs[i]!),
    target: null,
    figures: `${figures(ours)} against ${figures(theirs)}`,
  };
}
