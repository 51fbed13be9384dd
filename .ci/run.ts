// Runs the jobs of jobs.ts and counts. usage: run.ts [SCRIPT...]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { computing, first, type Job, waiting } from './jobs.js';
import { killJobs, runJob } from './run-job.js';
import { summaryOf, type Tally } from './tally.js';

const started = Date.now();
const scratch = mkdtempSync(join(tmpdir(), 'kubepass-ci-'));
/** Set-up passed, or this would not run. */
const tallies: Tally[] = [{ passed: 1, failures: [], flaky: [] }];
const wanted = process.argv.slice(2);

/** One job after the other; those that are left of the other lane when its own are done, from its end. */
async function runLane(own: Job[], other: Job[]): Promise<void> {
  for (let job = own.shift() ?? other.pop(); job; job = own.shift() ?? other.pop()) {
    tallies.push(await runJob(job, scratch));
  }
}

function finish(): never {
  rmSync(scratch, { recursive: true, force: true });
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`\nCI took ${Math.floor(seconds / 60)} min ${seconds % 60} s`);
  const { lines, failed } = summaryOf(tallies);
  for (const line of lines) console.log(line);
  process.exit(failed === 0 ? 0 : 1);
}

function endEarly(reason: string): never {
  killJobs();
  tallies.push({ passed: 0, failures: [`CI ended early: ${reason}`], flaky: [] });
  finish();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => endEarly(signal));
process.on('uncaughtException', (error) => endEarly(String(error)));

const [opening, computed, waited] = [first, computing, waiting].map((jobs) =>
  jobs.filter(({ script }) => wanted.length === 0 || wanted.includes(script)),
) as [Job[], Job[], Job[]];
await runLane(opening, []);
await Promise.all([runLane(computed, waited), runLane(waited, computed)]);
finish();
