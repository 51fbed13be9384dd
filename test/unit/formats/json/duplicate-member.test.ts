import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicateMember } from '../../../../src/formats/json/duplicate-member.js';

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
