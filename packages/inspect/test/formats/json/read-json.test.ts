// Tests packages/inspect/src/formats/json/read-json.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../../src/formats/json/read-json.js';
import { propertyRuns } from '../../../../../test/helpers/property-runs.js';

function isObject(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

const bounds = { maxDepth: 8, maxValues: 100, maxDocuments: 5 };

describe('JSON', () => {
  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
        const text = JSON.stringify(value, null, 1);
        const reading = readJson(text, { maxDepth: 100, maxValues: 10_000, maxDocuments: 1 });
        expect(reading).toEqual({
          ok: true,
          documents: [{ value: JSON.parse(text) as unknown, duplicates: [], length: text.length }],
        });
      }),
    );
  });

  it('may be several texts', () => {
    expect(readJson(' {"a": 1}\n[2]{"b":"}"} ', bounds)).toMatchObject({
      documents: [{ value: { a: 1 } }, { value: [2] }, { value: { b: '}' } }],
    });
  });

  it.each<[string, string, (string | number)[][]]>([
    ['at the top', '{"a": 1, "b": 2, "a": 3}', [['a']]],
    [
      'inside',
      '{"a": [1, {"x": "\\"", "x": 2}], "b": {"c": 1, "c": 1, "c": 1}}',
      [
        ['a', 1, 'x'],
        ['b', 'c'],
        ['b', 'c'],
      ],
    ],
    ['written otherwise', '{"a": 1, "\\u0061": 2}', [['a']]],
    ['in different objects', '[{"a": 1}, {"a": {"a": ["a", "a"]}}]', []],
    ['as a name and a value', '{"a": "a", "b": ["b"]}', []],
  ])('says where a name is given twice: %s', (_, text, places) => {
    const reading = readJson(text, bounds);
    expect(reading.ok && reading.documents[0]?.duplicates.map(({ place }) => place)).toEqual(places);
  });

  it.each([
    '',
    ' ',
    'a',
    '"a"',
    '1',
    '{',
    '{"a": 1',
    '{"a',
    '{"a\\',
    '{a: 1}',
    '[1,]',
    '{"a": 1}}',
    '{"a": 1} x',
    '[}',
    '{]',
  ])('is not %j', (text) => {
    expect(readJson(text, bounds)).toEqual({ ok: false, exceeded: null });
  });

  it.each<[string, string, string]>([
    ['depth', '['.repeat(9), 'maxDepth'],
    ['values', `[${'1,'.repeat(100)}1]`, 'maxValues'],
    ['documents', '[]'.repeat(6), 'maxDocuments'],
  ])('stops at its bound of %s', (_, text, exceeded) => {
    expect(readJson(text, bounds)).toEqual({ ok: false, exceeded });
  });

  it('ends on whatever it is given', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', 'a', '1', ' ');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('');
        if (isObject(text)) expect(readJson(text, { ...bounds, maxDepth: 100 }).ok).toBe(true);
        else readJson(text, bounds);
      }),
      { numRuns: propertyRuns(2000) },
    );
  });
});
