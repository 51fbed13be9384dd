// Tests src/audit/canonical-octets.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/audit/canonical-json.js';
import { isCanonicalObject } from '../../../src/audit/canonical-octets.js';
import type { Json, JsonMembers } from '../../../src/model/audit-event.js';
import { propertyRuns } from '../../helpers/property-runs.js';

const wrapped = [Buffer.from('v')];
const isCanonical = (text: string): boolean => isCanonicalObject(Buffer.from(text), wrapped);

/** As the long way round says it. */
function asWritten(text: string): boolean {
  try {
    const value = JSON.parse(text) as JsonMembers;
    return Object.keys(value).join() === 'v' && canonicalJson(value) === text;
  } catch {
    return false;
  }
}

const value = fc.jsonValue({ noUnicodeString: false }).filter((json) => !/\\ud/.test(JSON.stringify(json)));
const canonical = value.map((json) => canonicalJson({ v: json as Json }));

describe('octets in canonical form', () => {
  it('are those that canonical JSON writes', () => {
    fc.assert(fc.property(canonical, (text) => isCanonical(text)));
  });

  it('are no others: one character more, less or different', () => {
    const character = fc.oneof(
      fc.constantFrom(...'{}[]",:\\u0eE+-.1 \n\t\u0000éntf'.split(/(?:)/u)),
      fc.string({ maxLength: 1 }),
    );
    fc.assert(
      fc.property(canonical, fc.nat(), fc.nat(1), character, (text, at, removed, put) => {
        const place = at % text.length;
        const changed = `${text.slice(0, place)}${put}${text.slice(place + removed)}`;
        return !Buffer.from(changed).toString().includes('\ufffd') ? isCanonical(changed) === asWritten(changed) : true;
      }),
      { numRuns: propertyRuns(5_000) },
    );
  });

  it.each([
    '{"v":{"b":1,"a":1}}',
    '{"v":{"a":1,"a":1}}',
    '{"v":{"\\u0061":1}}',
    '{"v":{"aa":1,"a":1}}',
    // UTF-16 puts a character of two units before one of one unit; UTF-8 does not.
    '{"v":{"\ufb33":1,"\u{1f600}":1}}',
    '{"v":1.0}',
    '{"v":1e3}',
    '{"v":-0}',
    '{"v":01}',
    '{"v":"\\/"}',
    '{"v":"\\u000A"}',
    '{"v":"\\ud800"}',
    '{"v":NaN}',
    '{"v":Infinity}',
    '{"v":tru}',
    '{"v": 1}',
    '{"v":1} ',
    '{"v":[1,]}',
    '{"v":1,"w":1}',
    '{"w":1}',
    '{}',
    '',
    `{"v":${'['.repeat(100_000)}`,
  ])('are not %s', (text) => {
    expect(isCanonical(text)).toBe(false);
  });

  it('may have members that only UTF-16 orders so', () => {
    expect(isCanonical('{"v":{"\u{1f600}":1,"\ufb33":1}}')).toBe(true);
    expect(isCanonical('{"v":{"10":1,"9":1}}')).toBe(true);
    expect(isCanonical('{"v":1e+21}')).toBe(true);
  });
});
