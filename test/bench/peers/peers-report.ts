import { svgOf, type Bar, type BarGroup } from '../chart.js';
import { median } from '../measure.js';
import type { ThreadTime } from '../process-figures.js';
import { comparedThroughput, inUnit, markdownTable, rates, withRange, type Row } from '../report.js';
import { contenderNames, type ContenderName } from './contenders.js';
import type { CaAlgorithm } from './signing-job.js';

/** The result of one round of one contender. */
export interface Round {
  readonly perSecond: number;
  /** Milliseconds of processor time for each certificate, of all threads; null if it is not measured. */
  readonly cpu: { readonly service: number; readonly database: number } | null;
  /** The same milliseconds by thread, of the service's process. */
  readonly threads: readonly (ThreadTime & { readonly name: string })[];
}

export type Rounds = Partial<Readonly<Record<ContenderName, readonly Round[]>>> & { readonly limit: readonly Round[] };

/** The rounds with one CA key. */
export interface Measured {
  readonly algorithm: CaAlgorithm;
  readonly rounds: Rounds;
  /** The way in which the physical limit was measured. */
  readonly limitBy: string;
}

/** The target: the service does at least this many times as much as the peer. */
const targets: Readonly<
  Record<CaAlgorithm, Readonly<Record<'sqlite' | 'postgresql', Partial<Record<ContenderName, number>>>>>
> = {
  'RSA-2048': { sqlite: { cfssl: 1.3, certdb: 4, stepCa: 1.8 }, postgresql: { cfssl: 0.85, stepCa: 1 } },
  'P-256': { sqlite: { cfssl: 0.55, certdb: 4.5, stepCa: 1.3 }, postgresql: { stepCa: 1 } },
};

const names = Object.keys(contenderNames) as ContenderName[];
const databases = ['sqlite', 'postgresql'] as const;
const peers = ['cfssl', 'certdb', 'stepCa'] as const;

const ratesOf = (rounds: readonly Round[]): readonly number[] => rounds.map(({ perSecond }) => perSecond);
const cpuOf = (rounds: readonly Round[]) => {
  const measured = rounds.flatMap(({ cpu }) => cpu ?? []);
  return {
    total: measured.map(({ service, database }) => service + database),
    database: median(measured.map(({ database }) => database)),
  };
};

/** The service on each database beside each peer. */
export const comparisons = ({ algorithm, rounds }: Measured): readonly Row[] =>
  databases.flatMap((database) =>
    peers.flatMap((peer) => {
      const [ours, theirs] = [rounds[database], rounds[peer]];
      if (ours === undefined || theirs === undefined) return [];
      const times = targets[algorithm][database][peer];
      return comparedThroughput({
        what: `${algorithm} CA, ${contenderNames[database]}: as a multiple of ${contenderNames[peer]}`,
        ours: ratesOf(ours),
        theirs: ratesOf(theirs),
        target: times === undefined ? null : { atLeast: times },
      });
    }),
  );

/** The charts, and a table of the measured figures without comparisons. */
export function overviewOf(measured: readonly Measured[]): string {
  const heads = ['', 'certificates a second', 'CPU for a certificate'].flatMap((head, i) =>
    i === 0 ? [head] : measured.map(({ algorithm }) => `${head}, ${algorithm} CA`),
  );
  const lines = names
    .filter((name) => measured[0]?.rounds[name])
    .map((name) => [
      contenderNames[name],
      ...measured.map(({ rounds }) => rates(ratesOf(rounds[name] ?? []))),
      ...measured.map(({ rounds }) => cpuText(rounds[name] ?? [])),
    ]);
  const limits = measured.map(({ rounds }) => rates(ratesOf(rounds.limit)));
  const table = markdownTable(
    heads,
    [...lines, ['bare signatures on all cores', ...limits, ...limits.map(() => '')]],
    heads.map((_, i) => (i === 0 ? '---' : '---:')),
  );
  return [
    `![Certificates a second, by contender: the figures of the table below](${rateChart})`,
    `![Processor time for a certificate, by contender: the figures of the table below](${cpuChart})`,
    table,
    threadTable(measured),
  ].join('\n\n');
}

/** Names that Node and the service give to their threads, in words. */
const threadNames: Readonly<Record<string, string>> = {
  MainThread: 'event loop',
  'writer-thread': 'writer',
  // Linux keeps 15 characters of a name.
  'log-mover-threa': 'mover of the log',
  'crypto-worker': 'crypto thread',
  'libuv-worker': 'thread pool',
  V8Worker: 'V8’s helpers',
};
/** A thread that takes less is left out. */
const leastMilliseconds = 0.005;

/** The threads of the service on SQLite. */
function threadTable(measured: readonly Measured[]): string {
  const perAlgorithm = measured.map(({ rounds }) => rounds.sqlite ?? []);
  const timeOf = (rounds: readonly Round[], name: string, time: keyof ThreadTime) =>
    median(rounds.map(({ threads }) => threads.find((thread) => thread.name === name)?.[time] ?? 0));
  const found = new Set(perAlgorithm.flat().flatMap(({ threads }) => threads.map(({ name }) => name)));
  const most = (name: string) => Math.max(...perAlgorithm.map((rounds) => timeOf(rounds, name, 'busy')));
  return markdownTable(
    [
      'threads of kubepass on SQLite',
      ...measured.flatMap(({ algorithm }) => [`CPU for a certificate, ${algorithm} CA`, 'waiting for a core']),
    ],
    [...found]
      .filter((name) => most(name) >= leastMilliseconds)
      .sort((a, b) => most(b) - most(a))
      .map((name) => [
        threadNames[name] ?? name,
        ...perAlgorithm.flatMap((rounds) =>
          (['busy', 'waiting'] as const).map((time) => inUnit(timeOf(rounds, name, time), 'ms')),
        ),
      ]),
    ['---', ...measured.flatMap(() => ['---:', '---:'])],
  );
}

function cpuText(rounds: readonly Round[]): string {
  const { total, database } = cpuOf(rounds);
  const text = withRange(total, 'ms');
  return database === 0 ? text : `${text}, ${inUnit(database, 'ms')} of it in PostgreSQL`;
}

const [rateChart, cpuChart] = ['performance.svg', 'performance-cpu.svg'] as const;

/** The charts by the names of their files. */
export const peersCharts = (measured: readonly Measured[]): Readonly<Record<string, string>> => ({
  [rateChart]: svgOf({
    title: 'From a CSR to its certificate, 32 connections: certificates a second',
    description: descriptionOf(measured, (rounds) => rates(ratesOf(rounds))),
    axis: 'certificates a second, more is better: the median of the rounds, the lowest and the highest',
    unit: '/s',
    groups: groupsOf(measured, (label, rounds, ours) => ({ label, values: ratesOf(rounds), ours })).map((group, i) => {
      const { rounds, limitBy } = measured[i]!;
      const limit = { label: `physical limit, signatures by ${limitBy}`, value: median(ratesOf(rounds.limit)) };
      return { ...group, limit };
    }),
  }),
  [cpuChart]: svgOf({
    title: 'Processor time for a certificate, all processes and threads',
    description: descriptionOf(measured, cpuText),
    axis: 'milliseconds of processor time, less is better: the median of the rounds, the lowest and the highest',
    unit: ' ms',
    groups: groupsOf(measured, (label, rounds, ours) => {
      const { total, database } = cpuOf(rounds);
      return { label, values: total, ours, ...(database > 0 && { part: { label: 'PostgreSQL', value: database } }) };
    }),
  }),
});

const groupsOf = (
  measured: readonly Measured[],
  barOf: (label: string, rounds: readonly Round[], ours: boolean) => Bar,
): readonly BarGroup[] =>
  measured.map(({ algorithm, rounds }) => ({
    title: `${algorithm} CA`,
    bars: names.flatMap((name) => {
      const ofContender = rounds[name];
      return ofContender ? [barOf(contenderNames[name], ofContender, name === 'sqlite' || name === 'postgresql')] : [];
    }),
  }));

/** The figures of a chart as a text. */
const descriptionOf = (measured: readonly Measured[], textOf: (rounds: readonly Round[]) => string): string =>
  measured
    .map(({ algorithm, rounds }) => {
      const figures = names.flatMap((name) => (rounds[name] ? `${contenderNames[name]} ${textOf(rounds[name])}` : []));
      return `${algorithm} CA: ${figures.join(', ')}.`;
    })
    .join(' ');
