import { DefaultReporter, type TestModule, type TestSpecification } from 'vitest/node';

/** A run of so few files is that of somebody who looks at each. */
const fewFiles = 20;
const everyMilliseconds = 20_000;

/**
 * Says in a line each 20 seconds how far a long run is and how long it may still take, and shows each file that failed.
 * Vitest's own reporter shows each file and each slow test, in hundreds of lines.
 */
export class ProgressReporter extends DefaultReporter {
  #files = 0;
  #ended = 0;
  #passed = 0;
  #failed = 0;
  #started = 0;
  #said = 0;

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications);
    this.#files = specifications.length;
    this.#started = this.#said = Date.now();
  }

  override onTestModuleEnd(module: TestModule): void {
    if (this.#files <= fewFiles || !module.ok()) super.onTestModuleEnd(module);
    this.#ended += 1;
    for (const test of module.children.allTests())
      if (test.result().state === 'passed') this.#passed += 1;
      else if (test.result().state === 'failed') this.#failed += 1;
    const now = Date.now();
    if (this.#files <= fewFiles || now - this.#said < everyMilliseconds) return;
    this.#said = now;
    this.ctx.logger.log(progressOf(this.#files, this.#ended, this.#passed, this.#failed, now - this.#started));
  }
}

/** `120 of 430 files: 3211 tests passed, 0 failed; about 110 s left`, if files go on to end as fast. */
export function progressOf(files: number, ended: number, passed: number, failed: number, milliseconds: number): string {
  const left = Math.ceil(((files - ended) * milliseconds) / Math.max(1, ended) / 10_000) * 10;
  return `${ended} of ${files} files: ${passed} tests passed, ${failed} failed; about ${left} s left`;
}
