import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** A run of vitest, as CI reads it. */
export interface TestReport {
  readonly files: readonly TestedFile[];
  /** Messages of errors that belong to no file, such as a promise that nobody waited for. */
  readonly unhandled: readonly string[];
}

export interface TestedFile {
  /** From the top of the project, such as `test/unit/app.test.ts`. */
  readonly file: string;
  /** Messages of errors outside of its tests: it did not load, or a hook of a suite failed. */
  readonly errors: readonly string[];
  readonly tests: readonly ReportedTest[];
}

export interface ReportedTest {
  /** The names of its suites and its own, with ` > ` between them, as vitest's `-t` compares them. */
  readonly name: string;
  readonly state: 'pending' | 'passed' | 'failed' | 'skipped';
  /** Why it failed. */
  readonly message?: string;
}

/**
 * Writes a `TestReport` as JSON. Vitest's own reporter leaves out hooks that failed and errors that belong to no file.
 */
export class TestReporter implements Reporter {
  readonly #output: string;

  constructor(output: string) {
    this.#output = output;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { readonly message: string }[]): void {
    const report: TestReport = {
      files: modules.map((module) => ({
        file: relative(process.cwd(), module.moduleId),
        errors: errorsOutsideOfTests(module),
        tests: [...module.children.allTests()].map(reportedTest),
      })),
      unhandled: unhandled.map(({ message }) => firstLine(message)),
    };
    writeFileSync(this.#output, JSON.stringify(report));
  }
}

function errorsOutsideOfTests(module: TestModule): string[] {
  const errors = [module, ...module.children.allSuites()].flatMap((suite) => suite.errors());
  const unfinished = ['pending', 'queued'].includes(module.state()) ? ['it did not finish'] : [];
  return [...errors.map(({ message }) => firstLine(message)), ...unfinished];
}

function reportedTest(test: TestCase): ReportedTest {
  const { state, errors } = test.result();
  const message = firstLine(errors?.[0]?.message ?? '');
  return { name: fullName(test), state, ...(message !== '' && { message }) };
}

function fullName({ name, parent }: TestCase): string {
  const names = [name];
  for (let suite = parent; suite.type === 'suite'; suite = suite.parent) names.unshift(suite.name);
  return names.join(' > ');
}

const firstLine = (message: string): string => message.split('\n')[0] ?? '';
