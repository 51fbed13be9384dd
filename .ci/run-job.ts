import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from './jobs.js';
import { type Tally, tallyTests, type TestRun } from './tally.js';
import type { TestReport } from './test-report.js';

/** A job ends with this where it needs a program that is not here and cannot be installed. */
const SKIPPED = 75;

const running = new Map<ChildProcess, string>();

/** Runs a job to its end, and then prints what it printed, because another one may run beside it. */
export async function runJob({ script, minutes, tests }: Job, scratch: string): Promise<Tally> {
  const started = Date.now();
  const log = join(scratch, `${script}.log`);
  const report = join(scratch, `${script}.json`);
  console.log(`started: npm run ${script}`);

  const run: Run = async (selection) => {
    rmSync(report, { force: true });
    const exitCode = await npmRun(
      [script, ...(selection.length > 0 ? ['--', ...selection] : [])],
      minutes,
      log,
      report,
    );
    return {
      exitCode,
      report: existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as TestReport) : undefined,
    };
  };
  const seconds = (): number => Math.round((Date.now() - started) / 1000);
  const ended = await run([]);
  const skipped = ended.exitCode === SKIPPED;
  let tally: Tally;
  if (skipped) tally = nothing;
  else if (tests) tally = await tallyTests(ended, tests, run);
  else tally = await tallyJob(script, ended, seconds() < 300 ? run : null);

  const output = readFileSync(log, 'utf8').trim();
  console.log(`\n=== npm run ${script}\n${output}`);
  for (const name of tally.flaky) console.log(`flaky: ${name}`);
  for (const failure of tally.failures) console.log(`failed: ${failure}`);
  const counts = skipped ? 'skipped' : `${tally.passed} passed, ${tally.failures.length} failed`;
  console.log(`--- npm run ${script}: ${counts} in ${seconds()} s`);
  // The end of the output stands beside the failure, because who reads of a run often has its last lines alone.
  const end = output.split('\n').slice(-25).join('\n  ');
  const failures = tally.failures.map((failure) => `npm run ${script}: ${failure}${tests ? '' : `\n  ${end}`}`);
  return { ...tally, failures };
}

/** `selection`: arguments of vitest. */
type Run = (selection: readonly string[]) => Promise<TestRun>;

const nothing: Tally = { passed: 0, failures: [], flaky: [] };

/** A job without tests counts as one. `tryAgain` is null where a second try would take too long. */
async function tallyJob(script: string, first: TestRun, tryAgain: Run | null): Promise<Tally> {
  if (first.exitCode === 0) return { ...nothing, passed: 1 };
  const second = await tryAgain?.([]);
  if (second?.exitCode === 0) return { ...nothing, passed: 1, flaky: [`npm run ${script}`] };
  const again = second ? `, and with ${second.exitCode} when it was tried again` : '';
  return { ...nothing, failures: [`it ended with ${first.exitCode}${again}`] };
}

/**
 * Without input, in a group of processes of its own, which ends as a whole when it takes too long. Answers the exit
 * code.
 */
async function npmRun(args: readonly string[], minutes: number, log: string, report: string): Promise<number> {
  const output = openSync(log, 'a');
  // The shell adds to the log what the job and its processes took of a core.
  const timed = ['-c', 'TIMEFORMAT="processor time: %U s, and %S s of the system"; time npm run "$@"', 'npm', ...args];
  const child = spawn('bash', timed, {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, VITEST_REPORT_FILE: report },
  });
  closeSync(output);
  running.set(child, log);
  const timers = [
    setTimeout(() => killGroup(child, 'SIGTERM'), minutes * 60_000),
    setTimeout(() => killGroup(child, 'SIGKILL'), minutes * 60_000 + 20_000),
  ];
  const exitCode = await new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 124)));
  for (const timer of timers) clearTimeout(timer);
  // Nothing that it left behind goes on beside the next one.
  killGroup(child, 'SIGKILL');
  running.delete(child);
  return exitCode;
}

/** Ends every job, and prints what each had printed. */
export function killJobs(): void {
  for (const [child, log] of running) {
    killGroup(child, 'SIGKILL');
    console.log(readFileSync(log, 'utf8'));
  }
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
