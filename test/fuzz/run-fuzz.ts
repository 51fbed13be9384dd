import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromSources } from '../helpers/from-sources.js';
import type { FuzzReport, FuzzShare, FuzzTotals } from './fuzz-child.js';
import { GoMutants } from './go-mutants.js';
import { Mutants } from './mutants.js';

export interface FuzzOptions {
  readonly seed: number;
  /** Number of the first input. */
  readonly first?: number;
  readonly inputs: number;
  readonly seconds: number;
  readonly processes: number;
  /** The oracle that judges how Go parses each object; without one, uploads are inspected alone. */
  readonly parse?: string;
  /** The folder for inputs that fail. */
  readonly folder: string;
  readonly say: (text: string) => void;
}

export interface FuzzOutcome {
  readonly inputs: number;
  readonly answered: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly slowest: { readonly number: number; readonly milliseconds: number };
  /** The objects that Go judged. */
  readonly judged: FuzzTotals['judged'];
  /** For each process that ran long enough: the least octets in use after warming up, and towards the end. */
  readonly memory: readonly { readonly before: number; readonly after: number }[];
  readonly failures: readonly { readonly number: number; readonly why: string }[];
}

/** A run continues after failures, up to this number. Most failures belong to a group of the same kind. */
const MAX_FAILURES = 20;

/** The most by which the least memory in use may grow from the second third of a run to its last. */
const MAX_GROWTH = 16 * 1024 * 1024;

/** With fewer samples than this, compiled code and caches cannot be told from growth. */
const MIN_SAMPLES = 12;

/**
 * Inspects mutants of the corpus in separate processes, so that one which hangs or crashes is noticed and the others
 * continue. Failures are kept as files.
 */
export async function runFuzz(options: FuzzOptions): Promise<FuzzOutcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'kubepass-fuzz-'));
  try {
    const failures: { number: number; why: string }[] = [];
    const fail = (number: number, why: string): void => {
      failures.push({ number, why });
      options.say(`input ${number} of seed ${options.seed}: ${why}\n  ${keep(options, number)}`);
    };
    const lanes = Array.from({ length: options.processes }, (_, lane) => new Lane(options, lane, scratch, fail));
    const ticker = setInterval(() => options.say(progressOf(lanes)), 10_000);
    const stopper = setInterval(() => {
      if (failures.length >= MAX_FAILURES) for (const lane of lanes) lane.stop();
    }, 500);
    try {
      await Promise.all(lanes.map((lane) => lane.run()));
    } finally {
      clearInterval(ticker);
      clearInterval(stopper);
    }
    const memory = lanes.flatMap((lane) => lane.growth());
    for (const { before, after } of memory)
      if (after - before > MAX_GROWTH)
        failures.push({ number: -1, why: `the memory in use grew from ${mebibytes(before)} to ${mebibytes(after)}` });
    return { ...sumOf(lanes), memory, failures };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

export const mebibytes = (octets: number): string => `${(octets / 1024 / 1024).toFixed(1)} MiB`;

/**
 * Every n-th input, in one process after another. If one ends early, the next continues after the input that ended it.
 */
class Lane {
  readonly #done: FuzzTotals[] = [];
  #running: FuzzTotals | null = null;
  #child: ChildProcess | null = null;
  #stopped = false;
  readonly #deadline: number;
  readonly #first: number;
  readonly #end: number;

  constructor(
    private readonly options: FuzzOptions,
    private readonly lane: number,
    private readonly scratch: string,
    private readonly fail: (number: number, why: string) => void,
  ) {
    this.#deadline = performance.now() + options.seconds * 1000;
    this.#first = options.first ?? 0;
    this.#end = this.#first + options.inputs;
  }

  get totals(): readonly FuzzTotals[] {
    return this.#running === null ? this.#done : [...this.#done, this.#running];
  }

  stop(): void {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
  }

  async run(): Promise<void> {
    let first: number | null = this.#first + this.lane;
    while (first !== null && first < this.#end && !this.#stopped) {
      const seconds = (this.#deadline - performance.now()) / 1000;
      if (seconds <= 0) return;
      first = await this.#runFrom(first, seconds);
    }
  }

  growth(): { before: number; after: number }[] {
    return this.#done.flatMap(({ memory }) => {
      if (memory.length < MIN_SAMPLES) return [];
      const third = Math.floor(memory.length / 3);
      // Memory of the last upload comes and goes, but growth also raises the least of many samples.
      return [{ before: Math.min(...memory.slice(third, 2 * third)), after: Math.min(...memory.slice(2 * third)) }];
    });
  }

  /** Returns the input to continue with after an early end; null if the share is done. */
  #runFrom(first: number, seconds: number): Promise<number | null> {
    const { options, lane, scratch, fail } = this;
    const progressFile = join(scratch, `progress-${lane}`);
    const share: FuzzShare = {
      seed: options.seed,
      first,
      step: options.processes,
      parse: options.parse ?? null,
      end: this.#end,
      seconds,
      progressFile,
    };
    const child = fork(fileURLToPath(new URL('fuzz-child.ts', import.meta.url)), [JSON.stringify(share)], {
      execArgv: ['--expose-gc', ...fromSources],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)));
    const watch = new Watchdog(child, progressFile);
    return new Promise((resolve, reject) => {
      child.on('message', (report: FuzzReport) => {
        if (report.kind === 'failure') fail(report.number, report.why);
        else this.#running = report;
      });
      child.once('error', reject);
      child.once('close', (code, signal) => {
        watch.stop();
        const last = this.#running;
        if (last !== null) this.#done.push(last);
        this.#running = null;
        if (last?.kind === 'end' || this.#stopped) {
          resolve(null);
          return;
        }
        const at = numberIn(progressFile);
        if (at === null) {
          reject(new Error(`the fuzzer does not start: ${complaint}`));
          return;
        }
        fail(
          at,
          watch.hung ? 'did not end' : `ended the process (${signal ?? `exit code ${code ?? ''}`}): ${complaint}`,
        );
        resolve(at + options.processes);
      });
    });
  }
}

/** Ends a process that spends more than two seconds of CPU, or a minute, on one input. */
class Watchdog {
  hung = false;
  readonly #timer: NodeJS.Timeout;
  #at: number | null = null;
  #since = { cpu: 0, wall: 0 };

  constructor(child: ChildProcess, progressFile: string) {
    this.#timer = setInterval(() => {
      const at = numberIn(progressFile);
      const now = { cpu: cpuSecondsOf(child.pid), wall: performance.now() / 1000 };
      if (at === null || at !== this.#at) {
        this.#at = at;
        this.#since = now;
        return;
      }
      // The child itself reports an input that is slow but ends. This limit is for an input that does not end.
      if (now.cpu - this.#since.cpu < 3 && now.wall - this.#since.wall < 60) return;
      this.hung = true;
      child.kill('SIGKILL');
    }, 250);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Without /proc only the clock tells. */
function cpuSecondsOf(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid ?? ''}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

function numberIn(progressFile: string): number | null {
  try {
    const octets = readFileSync(progressFile);
    return octets.length === 8 ? octets.readDoubleLE() : null;
  } catch {
    return null;
  }
}

/** Writes an input's parts, and returns the folder. */
function keep({ seed, folder, parse }: FuzzOptions, number: number): string {
  const mutants = parse === undefined ? new Mutants(seed) : new GoMutants(seed);
  const { upload, format, fixture } = mutants.make(number);
  const place = join(folder, `${seed}-${number}`);
  mkdirSync(place, { recursive: true });
  upload.parts.forEach(({ bytes }, i) => writeFileSync(join(place, `part-${i}`), bytes));
  const parts = upload.parts.map(({ name }) => name);
  writeFileSync(
    join(place, 'upload.json'),
    JSON.stringify({ fixture, format, parts, password: upload.password }, null, 2),
  );
  return place;
}

function sumOf(lanes: readonly Lane[]): Pick<FuzzOutcome, 'inputs' | 'answered' | 'refused' | 'slowest' | 'judged'> {
  const totals = lanes.flatMap((lane) => lane.totals);
  const refused: Record<string, number> = {};
  for (const total of totals)
    for (const [reason, count] of Object.entries(total.refused)) refused[reason] = (refused[reason] ?? 0) + count;
  return {
    inputs: totals.reduce((sum, { inputs }) => sum + inputs, 0),
    answered: totals.reduce((sum, { answered }) => sum + answered, 0),
    refused,
    judged: totals
      .map(({ judged }) => judged)
      .reduce(
        (sum, one) => ({
          objects: sum.objects + one.objects,
          refused: sum.refused + one.refused,
          accepted: sum.accepted + one.accepted,
        }),
        { objects: 0, refused: 0, accepted: 0 },
      ),
    slowest: totals
      .map(({ slowest }) => slowest)
      .reduce((most, one) => (one.milliseconds > most.milliseconds ? one : most), { number: -1, milliseconds: 0 }),
  };
}

function progressOf(lanes: readonly Lane[]): string {
  const { inputs, answered, slowest } = sumOf(lanes);
  const memory = lanes.map((lane) => mebibytes(lane.totals.at(-1)?.memory.at(-1) ?? 0)).join(', ');
  return `${inputs} inputs, ${answered} answered, slowest ${slowest.milliseconds.toFixed(0)} ms, in use ${memory}`;
}
