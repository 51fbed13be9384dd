// Runs vitest, and what failed once more; counts its tests.
// usage: run-tests.ts SCRATCH MINUTES "FOLDER..." COMMAND...
// It adds `<passed> <failed>` to SCRATCH/counts, and lines to SCRATCH/failures and SCRATCH/flaky.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestRun, tallyTests } from './tally.js';
import type { TestReport } from './test-report.js';

const [scratch = '', minutes = '', folders = '', command = '', ...args] = process.argv.slice(2);
const output = join(scratch, `report-${process.pid}.json`);

/** Without input, and ended when it takes too long. */
async function runVitest(selection: readonly string[]): Promise<TestRun> {
  rmSync(output, { force: true });
  const more = selection.length > 0 && command === 'npm' ? ['--', ...selection] : selection;
  const limited = ['--kill-after=20', `${Number(minutes) * 60}`, command, ...args, ...more];
  const env = { ...process.env, VITEST_REPORT_FILE: output };
  const child = spawn('timeout', limited, { stdio: ['ignore', 'inherit', 'inherit'], env });
  const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  const report = existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as TestReport) : undefined;
  return { report, exitCode };
}

const { passed, failures, flaky } = await tallyTests(
  await runVitest([]),
  folders.split(' ').filter((folder) => folder !== ''),
  (selection) => {
    console.log(`--- again: ${selection.join(' ')}`);
    return runVitest(selection);
  },
);
const write = (name: string, lines: readonly string[]): void =>
  appendFileSync(join(scratch, name), lines.map((line) => `${line}\n`).join(''));
write('counts', [`${passed} ${failures.length}`]);
write('failures', failures);
write('flaky', flaky);
for (const name of flaky) console.log(`flaky: ${name}`);
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`--- ${passed} passed, ${failures.length} failed, ${flaky.length} of the passed flaky`);
