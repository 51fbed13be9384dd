import type { TestReport, TestedFile } from './test-report.js';

/** More flaky tests than this in one run of CI are not bad luck: the run fails. */
const MOST_FLAKY = 3;

/** A run of vitest that ended. Without a report it ended before its tests did. */
export interface TestRun {
  readonly report: TestReport | undefined;
  readonly exitCode: number;
}

/** The first try of something that failed. */
interface Failure {
  /** For people: the file or folder, the name of the test, the message. */
  readonly text: string;
  /** Repeats that alone; absent where nothing can be repeated. */
  readonly again?: Selection;
}

/** Arguments of vitest that select one test, one file or one folder. */
interface Selection {
  readonly arguments: readonly string[];
  /** As CI names it if it is flaky: `<file>: <name>`. */
  readonly name: string;
  /** How many of its tests passed the first time. */
  readonly passed: number;
}

/** The result of a run and of what was tried once more. */
export interface Tally {
  readonly passed: number;
  /** One line for each failure. */
  readonly failures: readonly string[];
  /** `<file>: <name>` of each test that failed and then passed alone. It is one of `passed`. */
  readonly flaky: readonly string[];
}

/**
 * Counts the tests of a run, and tries those that failed once more, alone. A file that did not load, a hook that failed
 * and a folder of which nothing ran are tried as a whole. Nothing is tried where more than `MOST_FLAKY` failed, because
 * the run fails anyway.
 *
 * @param folders each must have tests that ran, such as `test/unit`; without folders the run must have one such test
 * @param tryAgain runs vitest as before, with these arguments after its own
 */
export async function tallyTests(
  run: TestRun,
  folders: readonly string[],
  tryAgain: (selection: readonly string[]) => Promise<TestRun>,
): Promise<Tally> {
  let passed = passedTests(filesIn(run.report));
  const first = failuresOf(run, folders);
  if (first.length > MOST_FLAKY) return { passed, failures: first.map(({ text }) => text), flaky: [] };
  const failures: string[] = [];
  const flaky: string[] = [];
  for (const { text, again } of first) {
    const second = again && (await tryAgain(again.arguments));
    const secondFailures = second ? failuresOf(second, []).map((failure) => `again ${failure.text}`) : [];
    if (!again || !second || secondFailures.length > 0) {
      failures.push([text, ...secondFailures].join('\n  '));
    } else {
      passed += passedTests(filesIn(second.report)) - again.passed;
      flaky.push(again.name);
    }
  }
  return { passed, failures, flaky };
}

/** The last lines of CI, for all its jobs. */
export function summaryOf(tallies: readonly Tally[]): { readonly lines: readonly string[]; readonly failed: number } {
  const flaky = tallies.flatMap((tally) => tally.flaky);
  const failures = tallies.flatMap((tally) => tally.failures);
  if (flaky.length > MOST_FLAKY) failures.push(`${flaky.length} tests are flaky, and ${MOST_FLAKY} at most may be`);
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
  const lines = [
    ...failures.map((failure) => `FAILED: ${failure}`),
    ...flaky.map((name) => `flaky: ${name}`),
    `${passed} passed, ${failures.length} failed`,
  ];
  return { lines, failed: failures.length };
}

function failuresOf(run: TestRun, folders: readonly string[]): Failure[] {
  const { report, exitCode } = run;
  if (!report) return [{ text: `vitest ended with ${exitCode} and without a report` }];
  if (ranNothing(run)) return [emptyFolder(run)];
  const empty = folders.map((folder) => `${folder}/`).filter((folder) => ranNothing(run, folder));
  const failures = [
    ...report.files.filter(({ file }) => !empty.some((folder) => file.startsWith(folder))).flatMap(failuresOfFile),
    ...empty.map((folder) => emptyFolder(run, folder)),
    ...report.unhandled.map((message) => ({ text: `outside of every test: ${message}` })),
  ];
  if (exitCode === 0 || failures.length > 0) return failures;
  return [{ text: `every test passed, but vitest ended with ${exitCode}` }];
}

/** A file with an error outside of its tests is one failure, whatever happened to its tests. */
function failuresOfFile({ file, errors, tests }: TestedFile): Failure[] {
  if (errors.length > 0) {
    const name = `${file}: the whole file`;
    const again = { name, passed: passedTests([{ file, errors, tests }]), arguments: [file] };
    return [{ text: `${name}: ${errors.join('; ')}`, again }];
  }
  return tests
    .filter(({ state }) => state === 'failed')
    .map(({ name, message = 'no message' }) => ({
      text: `${file}: ${name}: ${message}`,
      again: { name: `${file}: ${name}`, passed: 0, arguments: [file, '-t', exactly(name)] },
    }));
}

/** One failure for all of it, with the reasons that its files give. */
function emptyFolder({ report }: TestRun, folder = ''): Failure {
  const name = `${folder || 'the whole run'}: every test`;
  const errors = filesIn(report, folder).flatMap((file) => file.errors);
  const reasons = [...errors, ...(folder === '' ? (report?.unhandled ?? []) : [])];
  return {
    text: [name, 'none ran', ...reasons].join(': '),
    again: { name, passed: 0, arguments: folder === '' ? [] : [folder] },
  };
}

function ranNothing({ report }: TestRun, folder = ''): boolean {
  return !filesIn(report, folder).some(({ tests }) =>
    tests.some(({ state }) => state === 'passed' || state === 'failed'),
  );
}

function passedTests(files: readonly TestedFile[]): number {
  return files.flatMap(({ tests }) => tests.filter(({ state }) => state === 'passed')).length;
}

function filesIn(report: TestReport | undefined, folder = ''): readonly TestedFile[] {
  return (report?.files ?? []).filter(({ file }) => file.startsWith(folder));
}

/** For vitest's `-t`, which takes a regular expression. */
function exactly(name: string): string {
  return `^${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`;
}
