import type { ReadConfig } from '../config/config.js';
import { reasonOf } from '../config/file-reason.js';
import type { Remarks } from './in-force.js';

/** Collects what is wrong with a configuration, each with the place of its setting. */
export class Findings {
  readonly errors: string[] = [];
  readonly faults: string[] = [];
  readonly warnings: string[] = [];

  constructor(private readonly read: Pick<ReadConfig, 'isWrong' | 'placeOf'>) {}

  /** Takes what functions of the start say about a setting that can be used all the same. */
  remarksOn(pointer: string): Remarks {
    return {
      warn: (fields, message) => {
        const more = Object.entries(fields).map(([name, value]) => `; ${name}: ${textOf(value)}`);
        const warning = `${this.read.placeOf(pointer)}: ${message}${more.join('')}`;
        if (!this.warnings.includes(warning)) this.warnings.push(warning);
      },
    };
  }

  /**
   * The value that is read for the setting at `pointer`. Undefined where it cannot be read, and the reason is kept; and
   * where the setting itself is wrong, so that there is nothing to read.
   */
  async unless<T>(
    pointer: string,
    read: (remarks: Remarks) => T | Promise<T>,
    kept: 'errors' | 'faults' = 'errors',
  ): Promise<T | undefined> {
    if (this.read.isWrong(pointer)) return undefined;
    try {
      return await read(this.remarksOn(pointer));
    } catch (error) {
      this.add(pointer, reasonOf(error), kept);
      return undefined;
    }
  }

  add(pointer: string, reason: string, kept: 'errors' | 'faults' = 'errors'): void {
    this[kept].push(`${this.read.placeOf(pointer)}: ${reason}`);
  }
}

const textOf = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));
