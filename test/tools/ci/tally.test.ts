// Tests .ci/tally.ts, .ci/test-report.ts
import { describe, expect, it } from 'vitest';
import { summaryOf, type TestRun, tallyTests } from '../../../.ci/tally.js';
import type { ReportedTest, TestedFile } from '../../../.ci/test-report.js';

const passed = (name: string): ReportedTest => ({ name, state: 'passed' });
const failed = (name: string): ReportedTest => ({ name, state: 'failed', message: 'expected 1 to be 2' });
const skipped = (name: string): ReportedTest => ({ name, state: 'skipped' });
const fileOf = (file: string, tests: ReportedTest[], errors: string[] = []): TestedFile => ({ file, tests, errors });
const ended = (exitCode: number, files: TestedFile[], unhandled: string[] = []): TestRun => ({
  report: { files, unhandled },
  exitCode,
});

/** Answers second tries in their order, and keeps what they selected. */
function secondTries(...runs: TestRun[]) {
  const selections: (readonly string[])[] = [];
  const tryAgain = (selection: readonly string[]): Promise<TestRun> => {
    selections.push(selection);
    const run = runs.shift();
    return run ? Promise.resolve(run) : Promise.reject(new Error('nothing should be tried again'));
  };
  return { tryAgain, selections };
}

const a = 'test/unit/a.test.ts';
const b = 'test/http/b.test.ts';

describe('a run in which every test passes', () => {
  it('counts them, and tries nothing again', async () => {
    const run = ended(0, [fileOf(a, [passed('one'), passed('two'), skipped('three')])]);
    expect(await tallyTests(run, ['test/unit'], secondTries().tryAgain)).toEqual({
      passed: 2,
      failures: [],
      flaky: [],
    });
  });
});

describe('a test that fails', () => {
  const first = ended(1, [fileOf(a, [passed('one'), failed('a limit (of 5.00 $) holds')])]);

  it('is flaky if it passes alone, and counts once, as passed', async () => {
    const { tryAgain, selections } = secondTries(
      ended(0, [fileOf(a, [skipped('one'), passed('a limit (of 5.00 $) holds')])]),
    );
    expect(await tallyTests(first, [], tryAgain)).toEqual({
      passed: 2,
      failures: [],
      flaky: [`${a}: a limit (of 5.00 $) holds`],
    });
    expect(selections).toEqual([[a, '-t', '^a limit \\(of 5\\.00 \\$\\) holds$']]);
  });

  it.each([
    ['fails again', ended(1, [fileOf(a, [skipped('one'), failed('a limit (of 5.00 $) holds')])])],
    ['does not run the second time', ended(0, [fileOf(a, [skipped('one'), skipped('a limit (of 5.00 $) holds')])])],
    ['does not end the second time', { report: undefined, exitCode: 124 }],
    ['leaves an error behind', ended(1, [fileOf(a, [passed('a limit (of 5.00 $) holds')])], ['a socket hung up'])],
    ['ends the process with another code', ended(1, [fileOf(a, [passed('a limit (of 5.00 $) holds')])])],
  ])('failed if it %s', async (_, second) => {
    const tally = await tallyTests(first, [], secondTries(second).tryAgain);
    expect(tally).toMatchObject({ passed: 1, flaky: [] });
    expect(tally.failures).toHaveLength(1);
    expect(tally.failures[0]).toContain(`${a}: a limit (of 5.00 $) holds: expected 1 to be 2\n  again `);
  });

  it('is tried for itself beside others', async () => {
    const run = ended(1, [fileOf(a, [failed('one'), failed('two')]), fileOf(b, [passed('three'), failed('four')])]);
    const { tryAgain } = secondTries(
      ended(0, [fileOf(a, [passed('one')])]),
      ended(1, [fileOf(a, [failed('two')])]),
      ended(0, [fileOf(b, [passed('four')])]),
    );
    const tally = await tallyTests(run, [], tryAgain);
    expect(tally).toMatchObject({ passed: 3, flaky: [`${a}: one`, `${b}: four`] });
    expect(tally.failures).toHaveLength(1);
  });

  it('is not tried again where more than three failed', async () => {
    const run = ended(1, [fileOf(a, ['one', 'two', 'three', 'four'].map(failed)), fileOf(b, [passed('five')])]);
    const tally = await tallyTests(run, [], secondTries().tryAgain);
    expect(tally).toMatchObject({ passed: 1, flaky: [] });
    expect(tally.failures).toHaveLength(4);
  });
});

describe('a failure outside of the tests of a file', () => {
  it('is tried again as the whole file if the file does not load', async () => {
    const run = ended(1, [fileOf(a, [], ['Cannot find module']), fileOf(b, [passed('one')])]);
    const { tryAgain, selections } = secondTries(ended(0, [fileOf(a, [passed('two'), passed('three')])]));
    expect(await tallyTests(run, [], tryAgain)).toEqual({ passed: 3, failures: [], flaky: [`${a}: the whole file`] });
    expect(selections).toEqual([[a]]);
  });

  it('failed if the file does not load again', async () => {
    const run = ended(1, [fileOf(a, [], ['Cannot find module']), fileOf(b, [passed('one')])]);
    const again = ended(1, [fileOf(a, [], ['Cannot find module'])]);
    const tally = await tallyTests(run, [], secondTries(again).tryAgain);
    expect(tally).toMatchObject({ passed: 1, flaky: [] });
    expect(tally.failures).toHaveLength(1);
  });

  it('is tried again as the whole file if a hook failed, whatever its tests did', async () => {
    const tests = [passed('one'), failed('two'), skipped('three')];
    const run = ended(1, [fileOf(a, tests, ['the hook timed out'])]);
    const { tryAgain, selections } = secondTries(
      ended(0, [fileOf(a, [passed('one'), passed('two'), passed('three')])]),
    );
    expect(await tallyTests(run, [], tryAgain)).toEqual({ passed: 3, failures: [], flaky: [`${a}: the whole file`] });
    expect(selections).toEqual([[a]]);
  });

  it('failed if a test of the file fails the second time', async () => {
    const run = ended(1, [fileOf(a, [passed('one')], ['the hook timed out'])]);
    const tally = await tallyTests(run, [], secondTries(ended(1, [fileOf(a, [failed('one')])])).tryAgain);
    expect(tally).toMatchObject({ passed: 1, flaky: [] });
    expect(tally.failures).toHaveLength(1);
  });
});

describe('a folder of which no test ran', () => {
  const folders = ['test/unit', 'test/http'];

  it('is tried again as a whole', async () => {
    const run = ended(0, [fileOf(a, [passed('one')]), fileOf(b, [skipped('two')])]);
    const { tryAgain, selections } = secondTries(ended(0, [fileOf(b, [passed('two')])]));
    expect(await tallyTests(run, folders, tryAgain)).toEqual({
      passed: 2,
      failures: [],
      flaky: ['test/http/: every test'],
    });
    expect(selections).toEqual([['test/http/']]);
  });

  it('failed if no test runs the second time', async () => {
    const run = ended(0, [fileOf(a, [passed('one')])]);
    const tally = await tallyTests(run, folders, secondTries(ended(1, [])).tryAgain);
    expect(tally).toMatchObject({ passed: 1, flaky: [] });
    expect(tally.failures).toHaveLength(1);
  });

  it('is the whole run if nothing ran at all, with the reason', async () => {
    const run = ended(1, [], ['Keycloak did not start']);
    const { tryAgain, selections } = secondTries(ended(1, [], ['Keycloak did not start']));
    const tally = await tallyTests(run, [], tryAgain);
    expect(tally.failures).toEqual([
      'the whole run: every test: none ran: Keycloak did not start\n  again the whole run: every test: none ran: Keycloak did not start',
    ]);
    expect(selections).toEqual([[]]);
  });
});

describe('a run that no test explains', () => {
  it.each([
    ['has no report', { report: undefined, exitCode: 124 }, 'vitest ended with 124 and without a report', 0],
    [
      'has an error of no test',
      ended(1, [fileOf(a, [passed('one')])], ['a socket hung up']),
      'outside of every test: a socket hung up',
      1,
    ],
    [
      'ends with another code than 0',
      ended(1, [fileOf(a, [passed('one')])]),
      'every test passed, but vitest ended with 1',
      1,
    ],
  ])('failed if it %s, and is not tried again', async (_, run, failure, passedTests) => {
    expect(await tallyTests(run, [], secondTries().tryAgain)).toEqual({
      passed: passedTests,
      failures: [failure],
      flaky: [],
    });
  });

  it('does not become good by a flaky test', async () => {
    const run = ended(1, [fileOf(a, [failed('one')])], ['a socket hung up']);
    const tally = await tallyTests(run, [], secondTries(ended(0, [fileOf(a, [passed('one')])])).tryAgain);
    expect(tally).toEqual({
      passed: 1,
      failures: ['outside of every test: a socket hung up'],
      flaky: [`${a}: one`],
    });
  });
});

describe('the summary of all jobs', () => {
  const tallyWith = (...flaky: string[]) => ({ passed: 10, failures: [], flaky });

  it('passes with three flaky tests, and lists each before the last line', () => {
    expect(summaryOf([tallyWith('a: one'), tallyWith('b: two', 'c: three')])).toEqual({
      lines: ['flaky: a: one', 'flaky: b: two', 'flaky: c: three', '20 passed, 0 failed'],
      failed: 0,
    });
  });

  it('fails with four flaky tests, wherever they are', () => {
    const { lines, failed: failures } = summaryOf([tallyWith('a: one', 'a: two'), tallyWith('b: three', 'b: four')]);
    expect(failures).toBe(1);
    expect(lines[0]).toBe('FAILED: 4 tests are flaky, and 3 at most may be');
    expect(lines.at(-1)).toBe('20 passed, 1 failed');
  });

  it('counts each failure', () => {
    const { lines, failed: failures } = summaryOf([tallyWith(), { passed: 1, failures: ['x', 'y'], flaky: [] }]);
    expect(failures).toBe(2);
    expect(lines).toEqual(['FAILED: x', 'FAILED: y', '11 passed, 2 failed']);
  });
});
