// Runs the jobs of jobs.ts and counts. usage: run.ts [SCRIPT...]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { first, type Job, lanes } from './jobs.js';
import { killJobs, runJob } from './run-job.js';
import { summaryOf, type Tally } from './tally.js';

const started = Date.now();
const scratch = mkdtempSync(join(tmpdir(), 'kubepass-ci-'));
/** Set-up passed, or this would not run. */
const tallies: Tally[] = [{ passed: 1, failures: [], flaky: [] }];
const wanted = process.argv.slice(2);

/** One job after the other; once its own are done, the last one of the lane with the most. */
async function runLane(own: Job[], all: readonly Job[][]): Promise<void> {
  const next = () => own.shift() ?? all.reduce((most, lane) => (lane.length > most.length ? lane : most), own).pop();
  for (let job = next(); job; job = next()) tallies.push(await runJob(job, scratch));
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

const wantedOf = (jobs: readonly Job[]) => jobs.filter(({ script }) => wanted.length === 0 || wanted.includes(script));
await runLane(wantedOf(first), []);
const queues = lanes.map(wantedOf);
await Promise.all(queues.map((queue) => runLane(queue, queues)));
finish();
