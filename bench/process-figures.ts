import { readdirSync, readFileSync } from 'node:fs';
import { codeOf } from '@kubepass/x509';

/** /proc always counts in this unit on Linux, whatever the kernel's own clock is. */
const clockTicksPerSecond = 100;

/**
 * The milliseconds of processor time, user and system, that a process and all its descendants have taken so far. All
 * threads count, and so do threads and children that have ended.
 */
export const processorMilliseconds = (pid: number): number =>
  sumOverFamily(pid, 'stat', processorTicksIn) * (1000 / clockTicksPerSecond);

/** The octets that they have sent to the disk so far, in all files; Linux counts whole pages. */
export const writtenOctets = (pid: number): number => sumOverFamily(pid, 'io', writtenOctetsIn);

/** The same for this process, without children that still run. */
export const ownWrittenOctets = (): number => writtenOctetsIn(readFileSync('/proc/self/io', 'utf8'));

/** Milliseconds since the start of a thread. */
export interface ThreadTime {
  /** On a core. */
  readonly busy: number;
  /** Ready to run, but without a core. */
  readonly waiting: number;
}

/** The times of the threads of a process by their names. Threads of one name are added up. */
export function threadTimes(pid: number): ReadonlyMap<string, ThreadTime> {
  const times = new Map<string, ThreadTime>();
  for (const thread of threadsOf(pid)) {
    const read = (file: string) => readUnlessGone(`/proc/${pid}/task/${thread}/${file}`)?.trimEnd();
    const [name, schedule] = [read('comm'), read('schedstat')];
    if (name === undefined || schedule === undefined) continue;
    const before = times.get(name) ?? { busy: 0, waiting: 0 };
    const { busy, waiting } = threadTimeIn(schedule);
    times.set(name, { busy: before.busy + busy, waiting: before.waiting + waiting });
  }
  return times;
}

/** Names that Node and the service give to their threads, in words. Linux keeps 15 characters of a name. */
const threadWords: Readonly<Record<string, string>> = {
  MainThread: 'event loop',
  'writer-thread': 'writer',
  'log-mover-threa': 'mover of the log',
  'crypto-worker': 'crypto thread',
  'libuv-worker': 'thread pool',
  V8Worker: 'V8’s helpers',
};
export const wordsOfThread = (name: string): string => threadWords[name] ?? name;

/** Nanoseconds on a core and waiting for one; https://docs.kernel.org/scheduler/sched-stats.html */
export function threadTimeIn(schedstat: string): ThreadTime {
  const [busy, waiting] = schedstat.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e6);
  return { busy: busy!, waiting: waiting! };
}

/** The MiB that one process has in memory, and its highest value so far. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') };
}

/** User and system time of a process and of its children that have ended; proc_pid_stat(5), fields 14 to 17. */
export function processorTicksIn(stat: string): number {
  // The second field is the command in parentheses, which may contain spaces and parentheses.
  const afterCommand = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return afterCommand.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

/** The same includes children that have ended; proc_pid_io(5). */
export const writtenOctetsIn = (io: string): number => Number(/^write_bytes: (\d+)$/m.exec(io)?.[1]);

/** The kernel adds a member that ends meanwhile to its parent. */
function sumOverFamily(pid: number, file: string, figureIn: (text: string) => number): number {
  const text = readUnlessGone(`/proc/${pid}/${file}`);
  if (text === null) return 0;
  return childrenOf(pid).reduce((sum, child) => sum + sumOverFamily(child, file, figureIn), figureIn(text));
}

/** Each thread lists the children that it has made; proc_pid_task_children(5). */
const childrenOf = (pid: number): readonly number[] =>
  threadsOf(pid).flatMap((thread) => {
    const text = readUnlessGone(`/proc/${pid}/task/${thread}/children`) ?? '';
    return text.split(' ').filter(Boolean).map(Number);
  });

const threadsOf = (pid: number): readonly string[] => unlessGone(() => readdirSync(`/proc/${pid}/task`)) ?? [];
const readUnlessGone = (file: string): string | null => unlessGone(() => readFileSync(file, 'utf8'));

/** Processes and threads end at any time. Null if this one has. */
function unlessGone<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(codeOf(error) ?? '')) return null;
    throw error;
  }
}
