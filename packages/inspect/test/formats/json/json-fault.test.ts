// Tests packages/inspect/src/formats/json/json-fault.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonFault } from '../../../src/formats/json/json-fault.js';
import { propertyRuns } from '../../../../../test/helpers/property-runs.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('jsonFault', () => {
  it.each([
    ['', 'line 1, column 1: a value'],
    ['{', 'line 1, column 2: a name in double quotes or "}"'],
    ['{"a"', 'line 1, column 5: a colon'],
    ['{"a":', 'line 1, column 6: a value'],
    ['{"a":1', 'line 1, column 7: a comma or "}"'],
    ['{"a":1,}', 'line 1, column 8: a name in double quotes'],
    ["{'a':1}", 'line 1, column 2: a name in double quotes or "}"'],
    ['{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: a comma or "}"'],
    ['[1,]', 'line 1, column 4: a value'],
    ['[1 2]', 'line 1, column 4: a comma or "]"'],
    ['[1}', 'line 1, column 3: a comma or "]"'],
    ['{} {}', 'line 1, column 4: the end'],
    ['{"a":01}', 'line 1, column 6: a value'],
    ['{"a":True}', 'line 1, column 6: a value'],
    ['{"a":"b', 'line 1, column 8: the closing double quote'],
    ['{"a":"\\x"}', 'line 1, column 7: a valid escape'],
    ['{"a":"b\nc"}', 'line 1, column 8: an escape instead of a control character'],
    ['\ufeff{}', 'line 1, column 1: a value'],
  ])('finds where %j is wrong', (text, fault) => expect(jsonFault(text)).toBe(`${fault} is expected`));

  it('finds a fault exactly where JSON.parse throws, in mutants of valid texts too', () => {
    const mutant = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.nat(2),
        fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '0', '-', 'e', '.', '\n', 'a'),
      )
      .map(([text, at, removed, added]) => {
        const position = at % (text.length + 1);
        return text.slice(0, position) + added + text.slice(position + removed);
      });
    fc.assert(
      fc.property(fc.oneof(fc.json(), mutant), (text) => {
        expect(jsonFault(text) === null).toBe(isJson(text));
      }),
      { numRuns: propertyRuns(5000) },
    );
  });
});
