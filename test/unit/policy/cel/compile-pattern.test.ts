// Tests src/policy/cel/compile-pattern.ts, src/policy/cel/parse-pattern.ts
import { describe, expect, it } from 'vitest';
import { compileReasonPattern } from '../../../../src/policy/cel/compile-pattern.js';

const matches = (text: string, value: string): boolean => {
  const compiled = compileReasonPattern(text, (message) => {
    throw new Error(message);
  });
  if (compiled === null) throw new Error('it was refused without a reason');
  return compiled.matches(value);
};

describe('compileReasonPattern', () => {
  it.each([
    ['INC-[0-9]+', 'INC-1', true],
    ['INC-[0-9]+', 'see INC-1', false],
    ['INC-[0-9]+', 'INC-1\n', false],
    ['^INC-[0-9]+$', 'INC-1', true],
    ['^INC-[0-9]+', 'INC-1 and more', false],
    ['INC-[0-9]+$', 'see INC-1', false],
    ['INC|CHG', 'INC', true],
    ['INC|CHG', 'INCIDENT', false],
    ['INC|CHG', 'XCHG', false],
    ['cost\\$', 'cost$', true],
    ['\\^x', '^x', true],
    ['.*', 'anything', true],
    ['.*', 'two\nlines', false],
  ])('%j on all of %j: %s', (text, value, expected) => {
    expect(matches(text, value)).toBe(expected);
  });

  it.each([
    '(a+)+',
    '(a|a)*',
    '(a*)*b',
    '([a-z]+)*x',
    '(a|ab)(c|bcd)*(d*)*',
    '.*a.*b.*c.*d.*e',
    'a)|(b',
    '(?=a)b',
    '(a)\\1',
    '[',
    'a{1000}',
  ])('refuses %j', (text) => {
    const messages: string[] = [];
    expect(compileReasonPattern(text, (message) => messages.push(message))).toBeNull();
    expect(messages).toHaveLength(1);
  });

  it('takes no reason that is longer than a request can give', () => {
    expect(matches('a*', 'a'.repeat(2048))).toBe(true);
    expect(matches('a*', 'a'.repeat(2049))).toBe(false);
  });
});
