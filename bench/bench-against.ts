import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IdentityProvider } from '../test/helpers/identity-provider.js';
import { startWithIssuer, whoami } from './bench-callers.js';
import { measureThroughput, type Load } from './load/load.js';
import { requestOctets } from './load/http-connection.js';
import { median, takeTurns } from './measure.js';
import { loadOf, type SigningJob } from './peers/contender.js';
import { startKubepass } from './peers/kubepass.js';
import { caAlgorithms, makeSigningJob } from './peers/signing-job.js';
import { storageFigures, type StorageFigures } from './peers/storage-figures.js';
import { withRange, type Found, type Row } from './report.js';
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
  readonly answered: number;
  /** Milliseconds of processor time that the service's process took for each answer. */
  readonly cpu: number;
}

const connections = 32;
const warmUpTurns = 6;
/** So short that the machine is the same for both turns of a pair. */
const secondsPerTurn = 0.5;
const starts = 7;
/** The certificates after which the growth of the database is measured. */
const certificates = 5_000;
const mostPerSecond = 8_000;
const certificate = new URL('../packages/inspect/corpus/user/input.pem', import.meta.url);

/**
 * Compares this checkout with an earlier one. Both get the same load in turns. Measures the cost of an issued
 * certificate, its writes, an inspection, a cheap call with an API token, a start and an idle process.
 */
export async function benchAgainst(directory: string, theirs: Program, extent: Extent, found: Found): Promise<void> {
  const programs: Readonly<Record<Side, Program | undefined>> = { ours: undefined, theirs };
  for (const algorithm of caAlgorithms) {
    const place = join(directory, algorithm);
    const job = await makeSigningJob(place, algorithm);
    const what = `a certificate, ${algorithm} CA`;
    // So long that each service signs its audit log within its turns.
    const longer = { ...extent, secondsPerRound: extent.secondsPerRound * 4 };
    found(...(await inTurns(what, place, longer, (side, own) => issuing(own, job, programs[side]))));
  }
  const written = join(directory, 'written');
  found(...(await writing(written, await makeSigningJob(written, 'RSA-2048'), programs)));
  const inspected = join(directory, 'inspected');
  found(...(await inTurns('an inspection', inspected, extent, (side, own) => inspecting(own, programs[side]))));
  found(...(await calling(join(directory, 'called'), programs, extent)));
  found(...(await starting(join(directory, 'start'), programs)));
}

async function issuing(directory: string, job: SigningJob, program: Program | undefined): Promise<Asked> {
  mkdirSync(directory, { recursive: true });
  const contender = await startKubepass(directory, job, { program });
  return { service: contender.service, load: loadOf(contender, job, mostPerSecond) };
}

async function inspecting(directory: string, program: Program | undefined): Promise<Asked> {
  const service = await ServiceUnderBench.start(directory, { program });
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/x-pem-file' };
  const request = requestOctets(service.target, 'POST', '/v1/inspections', headers, readFileSync(certificate, 'utf8'));
  return { service, load: { target: service.target, connections, requests: [request], expectedStatus: 200 } };
}

/** Only ours knows an issuer: callers by OIDC must cost those with an API token nothing. */
async function calling(
  directory: string,
  programs: Readonly<Record<Side, Program | undefined>>,
  extent: Extent,
): Promise<readonly Row[]> {
  const provider = await IdentityProvider.start();
  try {
    return await inTurns('a call with an API token', directory, extent, async (side, own) => {
      const issuer = side === 'ours' ? provider.issuer : null;
      const service = await startWithIssuer(own, issuer, programs[side]);
      return { service, load: whoami(service, [service.token]) };
    });
  } finally {
    await provider.stop();
  }
}

/** `start`: gets a folder that no start had before it. */
async function inTurns(
  what: string,
  directory: string,
  { rounds, secondsPerRound }: Extent,
  start: (side: Side, own: string) => Promise<Asked>,
): Promise<readonly Row[]> {
  const pairs = Math.ceil((rounds * secondsPerRound) / secondsPerTurn);
  const found: Record<Side, Figures[]> = { ours: [], theirs: [] };
  // The process that was started first was up to 4 % slower, also where both ran the same program.
  for (const [i, order] of [sides, sides.toReversed()].entries()) {
    const asked: Partial<Record<Side, Asked>> = {};
    try {
      for (const side of order) {
        asked[side] = await start(side, join(directory, String(i), side));
        asked[side].service.hold();
      }
      const lanes = Object.fromEntries(
        Object.entries(asked).map(([side, { service, load }]) => [
          side,
          {
            begin: () => service.release(),
            once: () => figuresOf(service, load, secondsPerTurn),
            end: () => service.hold(),
          },
        ]),
      ) as Record<Side, { begin: () => void; once: () => Promise<Figures>; end: () => void }>;
      await takeTurns(warmUpTurns, lanes, (lane) => lane.once());
      const turns = await takeTurns(pairs, lanes, (lane) => lane.once());
      for (const side of sides) found[side].push(...turns[side]);
    } finally {
      for (const { service } of Object.values(asked)) await service.stop();
    }
  }
  const { ours, theirs } = found;
  return [
    compared(`processor time of ${what}, ms`, ours.map(cpuOf), theirs.map(cpuOf), rounds),
    // The signing of the audit log is in few turns, of which the median tells nothing.
    compared(`processor time of all turns, for ${what}, ms`, [ofAllTurns(ours)], [ofAllTurns(theirs)]),
    compared(`${what}, a second`, ours.map(rateOf), theirs.map(rateOf), rounds),
  ];
}

const cpuOf = ({ cpu }: Figures): number => cpu;
const ofAllTurns = (turns: readonly Figures[]): number =>
  turns.reduce((sum, { cpu, answered }) => sum + cpu * answered, 0) /
  turns.reduce((sum, { answered }) => sum + answered, 0);
const rateOf = ({ perSecond }: Figures): number => perSecond;

async function figuresOf(service: ServiceUnderBench, load: Load, seconds: number): Promise<Figures> {
  const meter = () => service.processorMilliseconds();
  const { perSecond, answered, before, after } = await measureThroughput(load, seconds, meter);
  return { perSecond, answered, cpu: (after - before) / answered };
}

/** The pages that the service writes for a certificate, and the room that it keeps. */
async function writing(
  directory: string,
  job: SigningJob,
  programs: Readonly<Record<Side, Program | undefined>>,
): Promise<readonly Row[]> {
  const found: Partial<Record<Side, StorageFigures>> = {};
  for (const side of sides) {
    const own = join(directory, side);
    mkdirSync(own, { recursive: true });
    const contender = await startKubepass(own, job, { program: programs[side] });
    try {
      const figures = await storageFigures(contender, job, certificates);
      if (figures !== null) found[side] = figures;
    } finally {
      await contender.stop();
    }
  }
  const { ours, theirs } = found;
  if (ours === undefined || theirs === undefined) return [];
  const log = ({ log }: StorageFigures): readonly number[] => (log ?? []).map(({ octets }) => octets / 1024);
  return [
    compared('write-ahead log for a certificate, KiB', log(ours), log(theirs)),
    compared('growth of the database for a certificate, KiB', [ours.kept / 1024], [theirs.kept / 1024]),
  ];
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
    const service = await ServiceUnderBench.start(join(directory, side), { program: programs[side] });
    const milliseconds = service.readyMilliseconds;
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

/** The median of the pairs' ratios, for all pairs and for each of some `rounds` of them. */
function compared(what: string, ours: readonly number[], theirs: readonly number[], rounds = ours.length): Row {
  const ratios = ours.map((one, i) => one / theirs[i]!);
  const inRound = Math.ceil(ratios.length / rounds);
  return {
    what: `${what}, as a multiple of the other checkout's`,
    figure: median(ratios),
    unit: 'times',
    byRound: Array.from({ length: rounds }, (_, i) => median(ratios.slice(i * inRound, (i + 1) * inRound))),
    target: null,
    details: `${withRange(ours, 'times')} against ${withRange(theirs, 'times')}`,
  };
}
