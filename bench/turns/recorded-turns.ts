import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotMeasurableError } from '../report.js';

const source = fileURLToPath(new URL('turns.c', import.meta.url));

/** A period of the monotonic clock, in milliseconds. */
export interface Period {
  readonly began: number;
  readonly ended: number;
}

/** The monotonic clock, which is that of `turns.c`. */
export const monotonicMilliseconds = (): number => Number(process.hrtime.bigint()) / 1e6;

/**
 * The milliseconds of each turn of a thread's loop, and of each wait for the disk, that took at least one, longest
 * first.
 */
export interface LongTurns {
  readonly turns: readonly number[];
  readonly syncs: readonly number[];
}

/** Records the turns of the loops of a process, by a shared object in C that the process preloads. */
export class RecordedTurns {
  private constructor(
    private readonly preloaded: string,
    private readonly file: string,
  ) {}

  /**
   * Compiles the shared object into a folder, which gets the record too. Throws `NotMeasurableError` if that is not
   * possible.
   */
  static prepare(directory: string): RecordedTurns {
    if (process.platform !== 'linux') throw new NotMeasurableError('turns are measured on Linux alone');
    mkdirSync(directory, { recursive: true });
    const preloaded = join(directory, 'turns.so');
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];
    const { status, error, stderr } = spawnSync('cc', [...flags, '-o', preloaded, source, '-ldl', '-lpthread'], {
      encoding: 'utf8',
    });
    if (error !== undefined)
      throw new NotMeasurableError('there is no C compiler (cc) for the program that times turns');
    if (status !== 0) throw new Error(`${source} does not compile:\n${stderr}`);
    return new RecordedTurns(preloaded, join(directory, 'turns.txt'));
  }

  /** The environment in which a process records its turns. */
  get environment(): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.preloaded, BENCH_TURNS: this.file };
  }

  /** The long turns that ended in a period, by the name of their thread. */
  of(period: Period): ReadonlyMap<string, LongTurns> {
    return turnsIn(readFileSync(this.file, 'utf8'), period);
  }
}

/** Reads the lines that `turns.c` writes. */
export function turnsIn(record: string, { began, ended }: Period): ReadonlyMap<string, LongTurns> {
  const threads = new Map<string, { turns: number[]; syncs: number[] }>();
  for (const line of record.split('\n')) {
    const [, kind, at, length, name = ''] = /^(turn|sync) (\S+) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === undefined || Number(at) < began || Number(at) > ended) continue;
    const thread = threads.get(name) ?? { turns: [], syncs: [] };
    threads.set(name, thread);
    (kind === 'turn' ? thread.turns : thread.syncs).push(Number(length));
  }
  for (const { turns, syncs } of threads.values()) for (const lengths of [turns, syncs]) lengths.sort((a, b) => b - a);
  return threads;
}
