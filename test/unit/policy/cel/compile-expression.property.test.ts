// Tests src/policy/cel/compile-expression.ts, src/policy/cel/compile-pattern.ts, src/policy/cel/parse-pattern.ts
import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import * as extensions from '@bufbuild/cel/ext';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../../src/policy/cel/compile-expression.js';
import type { ExpressionVariables } from '../../../../src/policy/cel/variables.js';
import { compilePattern } from '../../../../src/policy/cel/compile-pattern.js';
import { variables } from './variables.js';
import { propertyRuns } from '../../../helpers/property-runs.js';

const quoted = (text: string) => JSON.stringify(text);
const names = ['', 'a', 'team-a', 'team-b', 'viewers', 'jane@corp.example', 'é', '😀', 'a😀b', 'OPS-123'];
const patterns = [
  '^team-.*$',
  '^[a-z]+(-[a-z]+)?$',
  'é',
  '^.$',
  '^[^a-z]*$',
  '^(a|b)',
  '[0-9]{2,3}$',
  String.raw`\\s`,
  '^$',
];

/** Expressions by their types, for the most part well typed. */
const grammar = fc.letrec<Record<'bool' | 'int' | 'text' | 'texts' | 'instant' | 'length', string>>((tie) => {
  const form = (shape: string, ...kinds: readonly ('bool' | 'int' | 'text' | 'texts' | 'instant' | 'length')[]) =>
    fc
      .tuple(...kinds.map((kind) => tie(kind)))
      .map((parts) => parts.reduce((text, part) => text.replace('_', () => part), shape));
  const anyOf = (least: readonly string[], ...forms: readonly fc.Arbitrary<string>[]) =>
    fc.oneof({ depthSize: 'small', withCrossShrink: true }, fc.constantFrom(...least), ...forms);
  return {
    bool: anyOf(
      ['true', 'false'],
      form('(_ && _)', 'bool', 'bool'),
      form('(_ || _)', 'bool', 'bool'),
      form('!(_)', 'bool'),
      form('(_ ? _ : _)', 'bool', 'bool', 'bool'),
      form('(_ == _)', 'text', 'text'),
      form('(_ != _)', 'int', 'int'),
      form('(_ == _)', 'texts', 'texts'),
      form('(_ <= _)', 'int', 'int'),
      form('(_ < _)', 'instant', 'instant'),
      form('(_ >= _)', 'length', 'length'),
      form('(_ in _)', 'text', 'texts'),
      form('_.startsWith(_)', 'text', 'text'),
      form('_.contains(_)', 'text', 'text'),
      form('_.all(x, _.endsWith(x))', 'texts', 'text'),
      form('_.exists(y, y == _ || _)', 'texts', 'text', 'bool'),
      form('_.exists_one(z, size(z) > _)', 'texts', 'int'),
      form('active.all(c, c.notAfter > _)', 'instant'),
      fc.tuple(tie('text'), fc.constantFrom(...patterns)).map(([text, pattern]) => `${text}.matches("${pattern}")`),
    ),
    int: anyOf(
      ['0', '1', '-7', '9223372036854775807', 'request.expirationSeconds', 'now.getHours()', 'now.getDayOfWeek()'],
      form('size(_)', 'texts'),
      form('size(_)', 'text'),
      form('(_ + _)', 'int', 'int'),
      form('(_ - _)', 'int', 'int'),
      form('(_ * _)', 'int', 'int'),
      form('(_ / 7)', 'int'),
      form('(_ % 7)', 'int'),
      form('_.getMinutes()', 'length'),
      form('{"a": _, "b": _}[_]', 'int', 'int', 'text'),
    ),
    text: anyOf(
      [...names.map(quoted), 'request.username', 'request.namespace', 'requester.username', 'active[1].keyAlgorithm'],
      form('(_ + _)', 'text', 'text'),
      form('string(_)', 'int'),
      form('string(_)', 'instant'),
      form('_.join("-")', 'texts'),
      form('_[_]', 'texts', 'int'),
      form('(_ ? _ : _)', 'bool', 'text', 'text'),
    ),
    texts: anyOf(
      ['[]', 'request.groups', 'requester.roles', 'active[0].groups', '["a", "é"]'],
      form('[_, _]', 'text', 'text'),
      form('(_ + _)', 'texts', 'texts'),
      form('_.filter(f, f != _)', 'texts', 'text'),
      form('_.map(m, m + _)', 'texts', 'text'),
      form('_.map(n, n != _, n + "!")', 'texts', 'text'),
      form('_.split("-")', 'text'),
    ),
    instant: anyOf(
      ['now', 'active[0].notAfter', 'timestamp("2026-12-01T00:00:00Z")', 'timestamp("2026-06-01T12:00:00+02:00")'],
      form('(_ + duration("1h30m"))', 'instant'),
      form('(_ - duration("90s"))', 'instant'),
    ),
    length: anyOf(['duration("24h")', 'duration("-5m")'], form('(_ - _)', 'instant', 'instant')),
  };
});

const anything = fc.oneof(grammar.bool, grammar.int, grammar.text, grammar.texts, grammar.instant, grammar.length);

const otherEnvironment = celEnv({ funcs: extensions.strings });

/** The other implementation: slower, and with the conformance cases of all that is admitted behind it. */
function otherwise(text: string, given: ExpressionVariables): unknown {
  const result = plan(
    otherEnvironment,
    parse(text),
  )({
    ...given,
    request: { ...given.request, expirationSeconds: BigInt(given.request.expirationSeconds) },
    now: timestampFromDate(given.now),
    active: given.active.map((certificate) => ({
      ...certificate,
      notBefore: timestampFromDate(new Date(certificate.notBefore)),
      notAfter: timestampFromDate(new Date(certificate.notAfter)),
    })),
  });
  return isCelError(result) ? 'an error' : result;
}

const given: ExpressionVariables = {
  ...variables,
  // Whole seconds: fractions are printed in two ways, as RFC3339Nano and as protobuf's JSON.
  now: new Date('2026-11-25T10:30:15Z'),
  request: { ...variables.request, username: 'a😀b', groups: ['team-a', 'é', 'viewers'] },
};

describe('any expression', () => {
  it('compiles or says why not, and then evaluates to what it was compiled for or throws', () => {
    fc.assert(
      fc.property(anything, fc.constantFrom('bool', 'string'), (text, result) => {
        const outcome = compileExpression(text, result);
        if (!outcome.ok) {
          expect(outcome.errors.length).toBeGreaterThan(0);
          for (const error of outcome.errors) expect(error).toMatch(/^line \d+, column \d+: ./);
          return;
        }
        let value: unknown;
        try {
          value = outcome.expression.evaluate(given);
        } catch {
          return;
        }
        expect(typeof value).toBe(result === 'bool' ? 'boolean' : 'string');
      }),
      { numRuns: propertyRuns(400) },
    );
  });

  it('means what it means to another implementation', () => {
    let admitted = 0;
    const numRuns = propertyRuns(400);
    const agrees = (text: string, result: 'bool' | 'string') => {
      const outcome = compileExpression(text, result);
      if (!outcome.ok) return;
      admitted += 1;
      let value: unknown = 'an error';
      try {
        value = outcome.expression.evaluate(given);
      } catch {
        // It agrees where the other one fails too.
      }
      expect(value, text).toEqual(otherwise(text, given));
    };
    fc.assert(
      fc.property(grammar.bool, grammar.text, (bool, text) => {
        agrees(bool, 'bool');
        agrees(text, 'string');
      }),
      { numRuns },
    );
    expect(admitted).toBeGreaterThan((numRuns * 3) / 8);
  });

  it('of whatever characters compiles or says why not', () => {
    const soup = fc.array(
      fc.oneof(
        fc.constantFrom(
          'request',
          '.',
          'groups',
          'all',
          '(',
          ')',
          'x',
          ',',
          '&&',
          '"',
          '[',
          ']',
          '!',
          '-',
          '9',
          '{',
          '}',
          ':',
          '?',
          'in',
          '\n',
          '\\',
        ),
        fc.string({ unit: 'binary', maxLength: 3 }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(soup, (parts) => {
        const outcome = compileExpression(parts.join(''), 'bool');
        expect(outcome.ok || outcome.errors.length > 0).toBe(true);
      }),
      { numRuns: propertyRuns(400) },
    );
  });
});

describe('any pattern', () => {
  const piece = fc.constantFrom('a', 'b', 'é', '😀', '.', '[ab]', '[^a]', '\\d', '\\W', '-', '(a|b)', '(?:ab)', '(a|)');
  const count = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,3}');
  const pattern = fc
    .tuple(fc.boolean(), fc.array(fc.tuple(piece, count), { maxLength: 6 }), fc.boolean())
    .map(([start, pieces, end]) => `${start ? '^' : ''}${pieces.flat().join('')}${end ? '$' : ''}`);
  const text = fc
    .array(fc.constantFrom('a', 'b', 'é', '😀', '-', '1', '\n', '\u2028', '\r'), { maxLength: 8 })
    .map((parts) => parts.join(''));

  it('that is admitted matches what RE2 matches', () => {
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const compiled = compilePattern(source);
        if (!compiled.ok) return;
        const expected = plan(otherEnvironment, parse(`${quoted(subject)}.matches(${quoted(source)})`))();
        expect(new RegExp(compiled.pattern.javascript).test(subject), `${source} ${quoted(subject)}`).toBe(expected);
      }),
      { numRuns: propertyRuns(600) },
    );
  });
});
