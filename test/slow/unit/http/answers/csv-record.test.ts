// Tests src/http/answers/csv-record.ts
import { describe, expect, it } from 'vitest';
import { csvRecord } from '../../../../../src/http/answers/csv-record.js';
import { cpuMilliseconds } from '../../../../helpers/cpu-milliseconds.js';

const field = (value: string): string => csvRecord([value]).slice(0, -2);

describe('csvRecord', () => {
  it('takes a time in proportion to the length', () => {
    const began = cpuMilliseconds();
    for (const character of [' ', '\n', ';', '\t', '='])
      expect(field(character.repeat(200_000)).length).toBeGreaterThan(200_000);
    expect(cpuMilliseconds() - began).toBeLessThan(2000);
  });
});
