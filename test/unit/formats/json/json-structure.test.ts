import { describe, expect, it } from 'vitest';
import { hasMoreStructure } from '../../../../src/formats/json/json-structure.js';

describe('hasMoreStructure', () => {
  it.each([
    ['{"a":1,"b":[2,3]}', 6],
    ['{"a":",,,[[[{{{:::"}', 2],
    [String.raw`{"a\"":"\\","b":"\\\",,,"}`, 4],
    ['"a', 0],
    ['[[[[', 4],
  ])('counts in %s what is outside its strings', (text, found) => {
    expect(hasMoreStructure(text, found)).toBe(false);
    if (found > 0) expect(hasMoreStructure(text, found - 1)).toBe(true);
  });
});
