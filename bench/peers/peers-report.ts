import { svgOf, type Bar, type BarGroup } from '../chart.js';
import { median } from '../measure.js';
import { wordsOfThread } from '../process-figures.js';
import { comparedThroughput, inUnit, markdownTable, rates, withRange, type Row } from '../report.js';
import { contenderNames, isOurs, type ContenderName } from './contenders.js';
import { modelOf, type AtConnections } from './process-model.js';
import { timeOf, type Round } from './round.js';
import type { CaAlgorithm } from './signing-job.js';

export type Rounds = Partial<Readonly<Record<ContenderName, readonly Round[]>>> & { readonly limit: readonly Round[] };

/** The rounds with one CA key. */
export interface Measured {
  readonly algorithm: CaAlgorithm;
  readonly rounds: Rounds;
  /** The way in which the physical limit was measured. */
  readonly limitBy: string;
  /** How many connections those on PostgreSQL made for a certificate. */
  readonly connectionsMade: Partial<Readonly<Record<ContenderName, number>>>;
  /** The service on PostgreSQL with fewer requests at a time, as several processes have each. */
  readonly shared: readonly AtConnections[];
  /** The milliseconds within which 99 of 100 answers came at half of the peak rate. */
  readonly latencies: Partial<Readonly<Record<ContenderName, number>>>;
}

/** The service does at least this many times as much as a peer that keeps its records in the same way. */
const pairs: readonly {
  readonly ours: ContenderName;
  readonly peer: ContenderName;
  readonly atLeast: Readonly<Record<CaAlgorithm, number>>;
}[] = [
  { ours: 'sqlite', peer: 'cfssl', atLeast: { 'RSA-2048': 1, 'P-256': 0.35 } },
  { ours: 'sqlite', peer: 'certdb', atLeast: { 'RSA-2048': 4, 'P-256': 4.5 } },
  { ours: 'sqlite', peer: 'stepCa', atLeast: { 'RSA-2048': 1.65, 'P-256': 0.95 } },
  { ours: 'postgresql', peer: 'certdbPostgresql', atLeast: { 'RSA-2048': 1.5, 'P-256': 1.1 } },
  { ours: 'postgresql', peer: 'stepCaPostgresql', atLeast: { 'RSA-2048': 2.5, 'P-256': 2.5 } },
];

const names = Object.keys(contenderNames) as ContenderName[];

const ratesOf = (rounds: readonly Round[]): readonly number[] => rounds.map(({ perSecond }) => perSecond);
const cpuOf = (rounds: readonly Round[]) => {
  const measured = rounds.flatMap(({ cpu }) => cpu ?? []);
  return {
    total: measured.map(({ service, database }) => service + database),
    database: median(measured.map(({ database }) => database)),
  };
};

export const comparisons = (algorithm: CaAlgorithm, rounds: Rounds): readonly Row[] =>
  pairs.flatMap(({ ours: name, peer, atLeast }) => {
    const [ours, theirs] = [rounds[name], rounds[peer]];
    if (ours === undefined || theirs === undefined) return [];
    return comparedThroughput({
      what: `${algorithm} CA, ${contenderNames[name]}: as a multiple of ${contenderNames[peer]}`,
      ours: ratesOf(ours),
      theirs: ratesOf(theirs),
      target: { atLeast: atLeast[algorithm] },
    });
  });

/** A table of the measured figures without comparisons, and the charts. */
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
  const within = measured.flatMap(({ algorithm, latencies }) =>
    Object.entries(latencies).map(([name, milliseconds]) => {
      const on = contenderNames[name as ContenderName].replace('kubepass ', '');
      return `${inUnit(milliseconds, 'ms')} (${algorithm} CA, ${on})`;
    }),
  );
  return [
    table,
    `At half of these rates 99 of 100 answers of kubepass come within ${within.join(', ')}.`,
    `![Certificates a second, by contender: the figures of the table above](${rateChart})`,
    `![Processor time for a certificate, by contender: the figures of the table above](${cpuChart})`,
  ].join('\n\n');
}

/** The work behind the figures: connections, threads, and a model of more processes. */
export function workOf(measured: readonly Measured[]): string {
  const connections = measured.flatMap(({ algorithm, connectionsMade }) => {
    const made = Object.entries(connectionsMade) as [ContenderName, number][];
    const texts = made.map(([name, number]) => `${contenderNames[name]} ${number.toFixed(2)}`);
    return texts.length === 0 ? [] : `New connections for a certificate, ${algorithm} CA: ${texts.join(', ')}.`;
  });
  const models = measured.flatMap(({ algorithm, rounds, shared }) =>
    rounds.sqlite && shared.length > 0 ? modelOf(algorithm, rounds.sqlite, shared) : [],
  );
  return [...connections, threadTable(measured), ...models].join('\n\n');
}

/** A thread that takes less is left out. */
const leastMilliseconds = 0.005;

/** The threads of the service on SQLite. */
function threadTable(measured: readonly Measured[]): string {
  const perAlgorithm = measured.map(({ rounds }) => rounds.sqlite ?? []);
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
        wordsOfThread(name),
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
      return ofContender ? [barOf(contenderNames[name], ofContender, isOurs(name))] : [];
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
