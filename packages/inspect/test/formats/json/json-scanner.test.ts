// Tests packages/inspect/src/formats/json/json-scanner.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicateMember, hasLoneSurrogate, ValueBoundError } from '../../../src/formats/json/json-scanner.js';
import { propertyRuns } from '../../../../../test/helpers/property-runs.js';

describe('duplicateMember', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"a":{"b":1,"c":[{"d":1,"d":2}]}}', 'd'],
    ['[{"a":1},{"a":2,"b":[1,"a"],"a":3}]', 'a'],
    ['{ "x" : "a" , "x" : 1 }', 'x'],
    ['{"":1,"":2}', ''],
    ['{"a\\\\":1,"a\\\\":2}', 'a\\'],
  ])('finds it in %s', (text, name) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(duplicateMember(text)).toBe(name);
  });

  it.each(['{"a":"a","b":{"a":"a"},"c":["a","a"]}', '["a","a",{"a":1}]', '{"a":"\\",\\"a\\":","b":1}', '"a"', '1'])(
    'finds none in %s',
    (text) => expect(duplicateMember(text)).toBeNull(),
  );

  it('finds none in anything that was written by JSON.stringify', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(duplicateMember(JSON.stringify(JSON.parse(text)))).toBeNull();
      }),
    );
  });
});

/** With the flag u a pair is one code point, so this finds only those that stand alone. */
const lone = /\p{Surrogate}/u;
const escaped = (unit: number) => `\\u${unit.toString(16).padStart(4, '0')}`;
const unit = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0xd7ff, max: 0xe000 }),
  fc.constant('\\'.charCodeAt(0)),
);

describe('hasLoneSurrogate', () => {
  it('agrees with the string that the text stands for, however it is escaped', () => {
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
        const value = String.fromCharCode(...units);
        expect(hasLoneSurrogate(JSON.stringify(value))).toBe(lone.test(value));
        expect(hasLoneSurrogate(`"${units.map(escaped).join('')}"`)).toBe(lone.test(value));
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  it('is not misled by an escaped backslash', () => {
    expect(hasLoneSurrogate(String.raw`"\\ud800"`)).toBe(false);
    expect(hasLoneSurrogate(String.raw`"\\\ud800"`)).toBe(true);
  });
});

describe('the bounds of duplicateMember', () => {
  it.each([
    ['{"a":1,"b":[2,3]}', 4],
    ['{"a":",,,[[[{{{:::"}', 1],
    [String.raw`{"a\"":"\\","b":"\\\",,,"}`, 2],
    ['[[[[', 4],
  ])('count the values of %s, not what is in its strings', (text, maxValues) => {
    expect(duplicateMember(text, { maxDepth: 10, maxValues })).toBeNull();
    expect(() => duplicateMember(text, { maxDepth: 10, maxValues: maxValues - 1 })).toThrow(ValueBoundError);
  });

  it('count how deep a text goes', () => {
    expect(() => duplicateMember('[[{}]]', { maxDepth: 2, maxValues: 10 })).toThrow(ValueBoundError);
    expect(duplicateMember('[[{}]]', { maxDepth: 3, maxValues: 10 })).toBeNull();
  });
});
