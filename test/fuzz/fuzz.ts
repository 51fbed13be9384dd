/**
 * `npm run fuzz` inspects mutants of the corpus, a million of them. It ends with 1 if one of them gets an answer other
 * than an inspection or a refusal, takes more than two seconds or ends the process, or if memory grows. Inputs that
 * fail are kept in `.kubepass/fuzz/`.
 *
 *   -- --target go                                gives all certificates, requests and keys to Go, too: a failure is
 *                                                 one that Go refuses to parse, and that has no error. Needs Go
 *   -- --target directory                         sends mutated PATCHes and filters over SCIM instead
 *   -- --inputs N, --seconds N, --processes N     bound the run
 *   -- --first N                                  begins with this input: so several machines share a run
 *   -- --seed N                                   makes the same mutants again, with `--input N` that one alone; over
 *                                                 SCIM, after those that met the same people before it
 */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { findOracles } from '../oracles/build-oracles.js';
import { fuzzDirectory, upTo } from './fuzz-directory.js';
import { mebibytes, runFuzz } from './run-fuzz.js';

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'inspection' },
    inputs: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(randomInt(2 ** 32)) },
    first: { type: 'string', default: '0' },
    input: { type: 'string' },
    processes: { type: 'string', default: String(availableParallelism()) },
  },
});
const numberOf = (name: keyof typeof values): number => {
  const number = Number(values[name]);
  if (!(number >= 0)) throw new Error(`--${name} must be a number`);
  return number;
};
const seed = numberOf('seed');
if (values.target === 'directory') {
  console.log(`seed ${seed}`);
  const outcome = await fuzzDirectory({
    seed,
    ...(values.input === undefined
      ? { first: numberOf('first'), inputs: numberOf('inputs') }
      : upTo(numberOf('input'))),
    seconds: Math.min(numberOf('seconds'), 31_536_000),
    say: (text) => console.log(text),
  });
  console.log(`${outcome.inputs} inputs over SCIM, answered ${JSON.stringify(outcome.statuses)}`);
  console.log(
    `slowest: ${outcome.slowest.milliseconds.toFixed(0)} ms of CPU (input ${outcome.slowest.number}); failures: ${outcome.failures.length}`,
  );
  process.exit(outcome.failures.length === 0 && outcome.inputs > 0 ? 0 : 1);
}
const share =
  values.input === undefined
    ? { first: numberOf('first'), inputs: numberOf('inputs'), processes: Math.max(1, numberOf('processes')) }
    : { first: numberOf('input'), inputs: 1, processes: 1 };
console.log(`seed ${seed}`);
const oracles = values.target === 'go' ? await findOracles((text) => console.log(text)) : null;
if (values.target === 'go' && oracles === null) throw new Error('there is no Go to build the oracle with');
const began = performance.now();
const outcome = await runFuzz({
  seed,
  // JSON can only carry a whole number of seconds; a year means no limit.
  seconds: Math.min(numberOf('seconds'), 31_536_000),
  ...share,
  ...(oracles === null ? {} : { parse: oracles.parse }),
  folder: '.kubepass/fuzz',
  say: (text) => console.log(text),
});
const seconds = (performance.now() - began) / 1000;
const refusals = Object.entries(outcome.refused).map(([reason, count]) => `${count} ${reason}`);
console.log(`
${outcome.inputs} inputs in ${seconds.toFixed(0)} s (${(outcome.inputs / seconds).toFixed(0)} a second), seed ${seed}
answered: ${outcome.answered}; refused: ${refusals.join(', ') || 'none'}
slowest: ${outcome.slowest.milliseconds.toFixed(0)} ms of CPU (input ${outcome.slowest.number})
${oracles === null ? '' : wordsOf(outcome.judged)}memory in use: ${outcome.memory.map(({ before, after }) => `${mebibytes(before)} -> ${mebibytes(after)}`).join(', ') || 'too short a run to tell'}
failures: ${outcome.failures.length}`);
for (const { number, why } of outcome.failures) console.log(`  input ${number}: ${why.split('\n')[0] ?? ''}`);
process.exitCode = outcome.failures.length === 0 && outcome.inputs > 0 ? 0 : 1;

function wordsOf({ objects, refused, accepted }: typeof outcome.judged): string {
  return `Go judged ${objects} objects and refused ${refused}, of which ${accepted} have no error on purpose\n`;
}
