// Tests src/policy/cel/compile-expression.ts, src/policy/cel/analyzer.ts, src/policy/cel/limits.ts
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../../../src/policy/cel/compile-expression.js';
import { largest } from '../../../../unit/policy/cel/variables.js';
import { cpuMilliseconds } from '../../../../helpers/cpu-milliseconds.js';

const times = (count: number, part: string, between: string) => Array<string>(count).fill(part).join(between);

/** Each would take long or much, or would take the service down; none is admitted. */
const hostile: readonly (readonly [name: string, text: string, reason: string])[] = [
  [
    'four nested loops over the groups',
    'request.groups.all(a, request.groups.all(b, request.groups.all(c, request.groups.all(d, a + b != c + d))))',
    'nests deeper than 3 loops',
  ],
  [
    'nested loops over the groups of the requester',
    'requester.groups.all(a, requester.groups.all(b, a != b || a == b))',
    'steps, at most',
  ],
  [
    'three nested loops over the groups',
    'requester.groups.all(a, requester.groups.all(b, requester.groups.all(c, a + b != c)))',
    'steps, at most',
  ],
  [
    'nested loops over the certificates',
    'active.all(c, active.all(d, c.serialNumber != d.serialNumber || c.groups == d.groups))',
    'steps, at most',
  ],
  [
    'a loop over a list that loops made',
    'requester.groups.map(a, requester.groups.map(b, a + b)).all(l, l.all(s, l.all(t, s != t)))',
    'steps, at most',
  ],
  [
    'a loop over a list that was put together',
    `(${times(20, 'requester.groups', ' + ')}).all(a, requester.groups.all(b, a != b))`,
    'steps, at most',
  ],
  ['lists that grow', times(80, 'requester.groups', ' + ') + ' == []', 'a list of 4200 elements, at most'],
  ['strings that grow', times(5, 'request.reason', ' + ') + ' == ""', 'a string of 10240 characters, at most'],
  [
    'strings that grow in a loop',
    `request.groups.map(g, ${times(70, 'g', ' + ')}).exists(s, s == "")`,
    'a string of 8320 characters, at most',
  ],
  [
    'strings that grow by joining',
    'request.groups.map(g, request.groups.join(g)).join(request.reason) == ""',
    'characters, at most',
  ],
  [
    'cutting a long text and looking at every piece',
    'request.reason.split("a").all(w, w.matches("^[a-z]*$"))',
    'steps, at most',
  ],
  [
    'looking for a long text in a longer one, over and over',
    'active.all(c, !request.reason.contains(request.username + "b"))',
    'steps, at most',
  ],
  ['counting characters over and over', 'active.all(c, c.groups.all(g, size(request.reason) > 0))', 'steps, at most'],
  [
    'a loop in which every turn fails',
    'requester.groups.all(a, requester.groups.exists(b, requester.groups[99] == b) || true)',
    'steps, at most',
  ],
  [
    'a loop in which every turn overflows',
    'active.all(c, c.groups.all(g, request.expirationSeconds * 9223372036854775807 > 0 || true))',
    'steps, at most',
  ],
  ['a repeat inside a repeat', 'request.reason.matches("^(a+)+$")', 'exponential time'],
  ['a repeat of what may be empty', 'request.reason.matches("^(a*)*$")', 'repeats a part that may be empty'],
  ['alternatives that begin alike, repeated', 'request.reason.matches("^(a|aa)+$")', 'exponential time'],
  ['alternatives that are the same, repeated', 'request.reason.matches("^(a|[a-z])*$")', 'exponential time'],
  [
    'an address pattern with overlapping repeats',
    String.raw`request.reason.matches(r"^([a-zA-Z0-9._]+)*@x$")`,
    'exponential time',
  ],
  ['five repeats in a row that can each end anywhere', 'request.reason.matches("^.*a.*b.*c.*d.*$")', 'steps, at most'],
  ['repeats that can begin anywhere', 'request.reason.matches("[a-z]+-[0-9]+")', 'steps, at most'],
  [
    'many optional characters',
    `request.reason.matches("^${times(30, 'a?', '')}${times(30, 'a', '')}$")`,
    'steps, at most',
  ],
  ['counts that multiply', 'request.reason.matches("((a{50}){50}){50}")', 'characters with its counts written out'],
  ['a huge count', 'request.reason.matches("a{100000}")', 'counts to more than 100'],
  ['a back-reference', String.raw`request.reason.matches(r"(a+)\1")`, String.raw`"\1" is not supported`],
  ['looking ahead', 'request.reason.matches("(?=(a+))b")', 'look-around'],
  ['a pattern from the caller', 'request.username.matches(request.reason)', 'a pattern that is a string literal'],
  [
    'a pattern that is put together',
    'request.username.matches("^" + request.reason)',
    'a pattern that is a string literal',
  ],
  ['a long pattern', `request.username.matches("${'a'.repeat(300)}")`, 'is 300 characters long, at most 256'],
  [
    'groups nested in groups',
    `request.username.matches("${'('.repeat(20)}a${')'.repeat(20)}")`,
    'nests deeper than 8 groups',
  ],
  [
    'a separator from the caller',
    'request.reason.split(request.username).size() > 0',
    'a separator that is a string literal',
  ],
  ['brackets nested deeply', `${'('.repeat(1000)}true${')'.repeat(1000)}`, 'Exceeded maxDepth (32)'],
  ['brackets nested deeper than the stack', '['.repeat(4000), 'Exceeded maxDepth (32)'],
  ['negations nested deeply', `${'!'.repeat(4000)}true`, 'Exceeded maxAstNodes (500)'],
  ['many operators', times(300, 'true', '&&'), 'Exceeded maxAstNodes (500)'],
  ['a long list', `1 in [${times(300, '1', ', ')}]`, 'Exceeded maxListElements (128)'],
  [
    'a large map',
    `"a" in {${Array.from({ length: 150 }, (_, i) => `"k${i}": 1`).join(', ')}}`,
    'Exceeded maxMapEntries (128)',
  ],
  ['a long text', `"${'a'.repeat(5000)}" == ""`, 'is 5008 characters long, at most 4096'],
  ['a width of a format', '"%.1000000000f".format([1]) == ""', 'format() is not supported'],
  [
    'a duration beyond what is kept',
    'active[0].notAfter + duration("99999999999999h") > now',
    'is longer than ten years',
  ],
  ['an integer of many digits', `request.expirationSeconds < ${'9'.repeat(3000)}`, 'is larger than an int'],
  ['the prototype of an object', 'request.__proto__ == request', 'has no field "__proto__"'],
  ['the constructor of a value', 'request.username.constructor("x")() == ""', 'Unexpected character'],
  ['a method of an object', 'request.groups.push("system:masters") == 1', 'there is no list<string>.push(string)'],
  ['a property of every object', 'toString() == ""', 'there is no toString()'],
  ['a variable of the process', 'process.env == ""', '"process" is not a variable'],
];

describe('hostile expressions are refused at load, with the reason', () => {
  it('and refusing one is quick', () => {
    const started = cpuMilliseconds();
    for (const [, text] of hostile) compileExpression(text, 'bool');
    expect(cpuMilliseconds() - started).toBeLessThan(2000);
  });
});

/** Admitted, and close to what is allowed. */
const demanding = [
  'request.groups.all(a, requester.groups.all(b, a != b))',
  'active.all(c, c.groups.all(g, g in c.groups))',
  'active.all(c, c.groups.all(g, !(g in c.groups) || true))',
  '[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(a, request.groups.all(b, request.groups.all(c, true)))',
  'active.all(c, c.groups.join(",") != "" && c.groups.join("-").size() > 3)',
  'request.groups.all(g, request.groups.all(h, string(now) != g + h))',
  'request.groups.all(g, request.reason.size() > 3 && size(request.reason) > 4)',
  'request.groups.all(g, !g.matches("^.*a.*b$"))',
  'request.reason.split("a").map(x, x + "aa").filter(x, x != "").size() > 3',
  '!request.reason.matches("[a-z]{1,40}b")',
  'active.all(c, request.groups[31] != "" || c.groups[99] == "")',
  'active.all(c, c.groups[99] == "" || true)',
];

describe('what is admitted stays bounded', () => {
  it.each(demanding)('%s is evaluated in milliseconds', (text) => {
    const outcome = compileExpression(text, 'bool');
    if (!outcome.ok) throw new Error(outcome.errors.join());
    const took = Array.from({ length: 7 }, () => {
      const started = cpuMilliseconds();
      outcome.expression.evaluate(largest);
      return cpuMilliseconds() - started;
    });
    // About 2 ms on an idle machine; the rest is for one that is not.
    expect(Math.min(...took)).toBeLessThan(50);
  });
});
