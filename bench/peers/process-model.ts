import { availableParallelism } from 'node:os';
import { median } from '../measure.js';
import { wordsOfThread } from '../process-figures.js';
import { inUnit, markdownTable } from '../report.js';
import { timeOf, type Round } from './round.js';

/** The rounds of the service with so many requests at a time. */
export interface AtConnections {
  readonly connections: number;
  readonly rounds: readonly Round[];
}

export const modelledProcesses = [1, 2, 4] as const;

/** There is one of each, and each certificate goes through all of them. */
const singleThreads = ['MainThread', 'writer-thread', 'crypto-worker'] as const;

const perSecond = (milliseconds: number): number => 1000 / milliseconds;
const rate = (value: number): string => inUnit(value, 'a second');
const time = (milliseconds: number): string => inUnit(milliseconds, 'ms');

/**
 * Says from measured processor times where the service would be full with more cores and more processes. `shared`:
 * those on PostgreSQL, with as many requests at a time as each of 1, 2 and 4 processes has.
 */
export function modelOf(algorithm: string, sqlite: readonly Round[], shared: readonly AtConnections[]): string {
  const threads = singleThreads
    .map((name) => ({ name, busy: timeOf(sqlite, name) }))
    .sort((a, b) => b.busy - a.busy)
    .map(({ name, busy }) => `${wordsOfThread(name)} at ${rate(perSecond(busy))} (${time(busy)})`);
  const cores = availableParallelism();
  const lines = shared.map(({ connections, rounds }, i) => {
    const processes = modelledProcesses[i]!;
    const loop = timeOf(rounds, 'MainThread');
    const [service, database] = (['service', 'database'] as const).map((of) =>
      median(rounds.map(({ cpu }) => cpu?.[of] ?? NaN)),
    ) as [number, number];
    const [ofLoops, ofDatabase] = [processes * perSecond(loop), perSecond(database)];
    return [
      String(processes),
      String(connections),
      time(loop),
      time(service),
      time(database),
      ofLoops < ofDatabase ? 'event loop' : 'PostgreSQL',
      rate(Math.min(ofLoops, ofDatabase)),
      rate(cores * perSecond(service + database)),
    ];
  });
  const heads = [
    ...['processes', 'requests at a time in each', 'event loop', 'all threads', 'PostgreSQL'],
    ...['full first', 'at most, with cores enough', `at most, on ${cores} cores`],
  ];
  return [
    `**A model, not measured** (${algorithm} CA). It rests on the measured processor time for a certificate. A thread is full ` +
      `when that fills each second. One process on SQLite, with cores enough: the ${threads.join(', the ')}.`,
    'Several processes on one PostgreSQL: each has its part of the requests, so its batches are smaller and a certificate ' +
      'takes more work. Their commits take turns at the lock of the audit log, so PostgreSQL’s time counts as that of one thread.',
    markdownTable(
      heads,
      lines,
      heads.map((_, i) => (i === 5 ? '---' : '---:')),
    ),
  ].join('\n\n');
}
