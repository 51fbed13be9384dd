// Tests src/policy/selector.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlobs, unknownVariables } from '../../../src/policy/selector.js';
import { propertyRuns } from '../../helpers/property-runs.js';

/** Says the same in the most obvious way, in exponential time. */
function matchesNaively(pattern: readonly string[], value: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return value.length === 0;
  if (head === '*') return value.some((_, i) => matchesNaively(rest, value.slice(i))) || matchesNaively(rest, []);
  return value[0] === head && matchesNaively(rest, value.slice(1));
}

const matchesGlob = (glob: string, value: string, requester?: string): boolean =>
  compileGlobs([glob]).matches(value, requester);

describe('compileGlobs', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything: at/all', true],
    ['team-*', 'team-', true],
    ['team-*', 'team', false],
    ['team-*', 'xteam-a', false],
    ['*@corp.example', 'jane@corp.example', true],
    ['*@corp.example', 'jane@corp.example.evil', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*a', 'aba', true],
    ['a**a', 'aa', true],
    ['ab*bc', 'abc', false],
    ['Team', 'team', false],
    ['a.c', 'abc', false],
    ['a?c', 'abc', false],
    ['[ab]', 'a', false],
    ['a\\*', 'a\\xyz', true],
    ['(a+)+$', 'aaa', false],
    ['a', 'a\n', false],
  ])('%j against %j: %s', (pattern, value, matches) => {
    expect(matchesGlob(pattern, value)).toBe(matches);
  });

  it('agrees with the naive reading', () => {
    const text = fc.stringMatching(/^[ab]{0,8}$/);
    fc.assert(
      fc.property(fc.stringMatching(/^[ab*]{0,6}$/), text, (pattern, value) => {
        expect(matchesGlob(pattern, value)).toBe(matchesNaively(Array.from(pattern), Array.from(value)));
      }),
      { numRuns: propertyRuns(5000) },
    );
  });

  it('puts values in literally', () => {
    expect(matchesGlob('${requester.username}', 'jane', 'jane')).toBe(true);
    expect(matchesGlob('${requester.username}', 'jane', '*')).toBe(false);
    expect(matchesGlob('${requester.username}', '*', '*')).toBe(true);
    expect(matchesGlob('x-${requester.username}-*', 'x-a-b', '*')).toBe(false);
    expect(matchesGlob('${requester.username}', '${requester.username}', 'jane')).toBe(false);
    expect(matchesGlob('${requester.username}', 'x', '${requester.username}')).toBe(false);
    expect(matchesGlob('${requester.username}', "$&$'", "$&$'")).toBe(true);
  });

  it('agrees with plain comparison whatever is put in', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, value) => {
        expect(matchesGlob('${requester.username}', value, name)).toBe(value === name);
        expect(matchesGlob('a-${requester.username}*', value, name)).toBe(value.startsWith(`a-${name}`));
      }),
    );
  });
});

describe('unknownVariables', () => {
  it.each([
    ['plain-*', []],
    ['${requester.username}', []],
    ['a${b}c${requester.username}', ['${b}']],
    ['${requester.*}', ['${requester.*}']],
    ['${requester.username', ['${requester.username']],
    ['$requester', []],
  ])('%s: %j', (pattern, unknown) => {
    expect(unknownVariables(pattern, ['requester.username'])).toEqual(unknown);
  });
});
