import { candidates, type Candidate } from './candidates.js';
import { conformanceCases, error, type ConformanceCase } from './cases.js';

/**
 * Runs the public CEL conformance cases against the installed implementations, and prints the passed cases of each file
 * of the suite as a Markdown table. With `--failures NAME` it prints the failures of that implementation instead.
 */
const cases = conformanceCases();
const installed = await candidates();

function passes(candidate: Candidate, test: ConformanceCase): boolean {
  const found = outcome(candidate, test);
  if (test.expected === error || found === error) return test.expected === found;
  return candidate.looseNumbers ? loosely(test.expected) === loosely(found) : test.expected === found;
}

function outcome(candidate: Candidate, test: ConformanceCase) {
  try {
    return candidate.evaluate(test);
  } catch {
    return error;
  }
}

const loosely = (value: string) => value.replace(/\b(u?int|double):/g, 'number:');

const flag = process.argv.indexOf('--failures');
if (flag === -1) {
  const suites = [...new Set(cases.map(({ suite }) => suite))];
  const row = (name: string, of: readonly ConformanceCase[]) =>
    `| ${name} | ${of.length} | ${installed
      .map((candidate) => of.filter((test) => passes(candidate, test)).length)
      .join(' | ')} |`;
  console.log(`| suite | cases | ${installed.map(({ name }) => name).join(' | ')} |`);
  console.log(`|---|--:|${installed.map(() => '--:|').join('')}`);
  for (const suite of suites)
    console.log(
      row(
        suite,
        cases.filter((test) => test.suite === suite),
      ),
    );
  console.log(row('**all**', cases));
} else {
  for (const candidate of installed.filter(({ name }) => name === process.argv[flag + 1]))
    for (const test of cases.filter((each) => !passes(candidate, each)))
      console.log(
        `${test.suite}/${test.name}: ${test.expression} -> ${String(outcome(candidate, test))}, not ${String(test.expected)}`,
      );
}
