// `npm run tests-of -- FILE`: prints the test files that say in their first line that they test FILE, and runs them.
// `--print` prints alone.
import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { commandsFor, isNamed, projectOf, testFiles } from './test-files.js';

const { values, positionals } = parseArgs({ options: { print: { type: 'boolean' } }, allowPositionals: true });
const [named] = positionals;
if (named === undefined || positionals.length > 1) {
  console.error('Usage: npm run tests-of -- FILE [--print]');
  process.exit(2);
}

const file = relative('.', named);
const tests = testFiles()
  .filter((test) => isNamed(file, test))
  .map(({ path }) => path);
if (tests.length === 0) {
  console.error(`No test file names ${file}.`);
  process.exit(1);
}
for (const test of tests) console.log(`${test} (${projectOf(test)})`);
if (values.print === true) process.exit(0);

const { run, left } = commandsFor(tests);
const codes = run.map((args) => spawnSync('npx', ['vitest', ...args], { stdio: 'inherit' }).status);
for (const command of left) console.log(`Needs more than Node: ${command}`);
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
