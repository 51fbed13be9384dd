// Tests src/policy/cel/compile-expression.ts, src/policy/cel/environment.ts, src/policy/cel/functions.ts,
// src/policy/cel/operators.ts, src/policy/cel/literals.ts
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../../src/policy/cel/compile-expression.js';
import type { ExpressionVariables } from '../../../../src/policy/cel/variables.js';
import { largest, variables } from './variables.js';

function compiled(text: string, result: 'bool' | 'string' = 'bool') {
  const outcome = compileExpression(text, result);
  if (!outcome.ok) throw new Error(outcome.errors.join('\n'));
  return outcome.expression;
}

function errors(text: string, result: 'bool' | 'string' = 'bool'): readonly string[] {
  const outcome = compileExpression(text, result);
  return outcome.ok ? [] : outcome.errors;
}

const evaluate = (text: string, result: 'bool' | 'string' = 'bool', given: ExpressionVariables = variables) =>
  compiled(text, result).evaluate(given);

describe('an expression', () => {
  it.each([
    ['request.username == "jane@corp.example"', true],
    ['request.username.endsWith("@corp.example") && !request.username.startsWith("svc-")', true],
    ['request.groups.all(g, g.startsWith("team-") || g == "viewers")', true],
    ['request.groups.all(g, g.matches("^team-.*$"))', false],
    ['request.groups.exists(g, g in requester.groups)', true],
    ['request.groups.exists_one(g, g.startsWith("team-"))', false],
    ['request.groups.filter(g, !(g in requester.groups)).size() == 2', true],
    ['request.groups.map(g, g.split("-")[0]).exists(prefix, prefix == "team")', true],
    ['request.groups.map(g, g != "viewers", g + "-admins") == ["team-a-admins", "team-b-admins"]', true],
    ['"team-a" in request.groups', true],
    ['request.groups[0] == "team-a"', true],
    ['size(request.groups) <= 3 && request.groups.size() > 2', true],
    ['request.expirationSeconds <= 60 * 60', true],
    ['request.expirationSeconds % 600 == 0 && request.expirationSeconds / 600 == 6', true],
    ['request.expirationSeconds <= {"dev-eu": 86400, "prod-eu": 3600}[request.cluster]', true],
    ['request.cluster in {"prod-eu": true}', false],
    ['request.reason != "" && request.reason.matches("^[A-Z]{2,10}-[0-9]+ ")', true],
    ["request.reason.matches(r\"^[A-Z]+-\\d+ \") && request.reason.matches('''[0-9]{3}''')", true],
    ['request.reason.contains("joins")', true],
    ['request.namespace == "" ? true : request.namespace == "default"', true],
    ['"team" in request.labels && request.labels["team"] == "payments"', true],
    ['"owner" in request.labels', false],
    ['"constructor" in request.labels', false],
    ['"toString" in request.labels || "__proto__" in request.labels', false],
    ['size(request.labels) == 2 && request.labels.size() == 2', true],
    ['request.labels["cost-center"].matches("^[0-9]{4}$")', true],
    ['requester.roles == ["requester"]', true],
    ['requester.username == request.collector', true],
    ['size(active) < 3', true],
    ['active.all(c, c.groups.all(g, g in request.groups))', true],
    ['active.exists(c, c.keyAlgorithm.startsWith("RSA") && c.notAfter - now < duration("24h"))', true],
    ['active.all(c, c.notBefore + duration("720h") >= c.notAfter)', true],
    ['now > timestamp("2026-01-01T00:00:00Z") && now < timestamp("2027-01-01T00:00:00+02:00")', true],
    ['now.getDayOfWeek() in [1, 2, 3, 4, 5] && now.getHours() >= 8 && now.getHours() < 18', true],
    ['now.getFullYear() == 2026 && now.getMonth() == 10 && now.getDate() == 25 && now.getDayOfMonth() == 24', true],
    ['(now - active[0].notBefore).getMinutes() == 150', true],
    ['// working hours\nnow.getHours() >= 8', true],
  ])('%s is %s', (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it.each([
    [
      '"ask " + request.collector + " about " + request.groups.join(", ")',
      'ask hr-portal about team-a, team-b, viewers',
    ],
    ['"asked for " + string(request.expirationSeconds) + " s"', 'asked for 3600 s'],
    ['"it is " + string(now)', 'it is 2026-11-25T10:30:15.25Z'],
    ['string(active[0].notAfter)', '2026-11-26T08:00:00Z'],
    ['size(active) > 1 ? "has " + string(size(active)) + " already" : ""', 'has 2 already'],
  ])('%s is "%s"', (text, expected) => {
    expect(evaluate(text, 'string')).toBe(expected);
  });

  it('says which variables it reads, and not those that it only names as elements', () => {
    expect(compiled('request.username == requester.username').reads).toEqual(new Set(['request', 'requester']));
    expect(compiled('active.all(c, c.groups == []) && now.getHours() > 7').reads).toEqual(new Set(['active', 'now']));
    expect(compiled('["now"].exists(x, x == "active")').reads).toEqual(new Set());
  });

  it('looks at a variable only where it reads it', () => {
    const watched: string[] = [];
    const given = new Proxy(variables, {
      get(of, name: keyof ExpressionVariables) {
        watched.push(name);
        return of[name];
      },
    });
    expect(evaluate('request.cluster == "dev-eu" || size(active) > 0', 'bool', given)).toBe(true);
    expect(watched).toEqual(['request']);
  });

  it('binds the variables of a decision once for all expressions', () => {
    let reads = 0;
    const given = {
      ...variables,
      get request() {
        reads += 1;
        return variables.request;
      },
    };
    for (const text of ['request.cluster == "dev-eu"', 'request.username != ""', 'size(request.groups) == 3'])
      expect(evaluate(text, 'bool', given)).toBe(true);
    expect(reads).toBe(1);
  });

  it('cannot change what it is given', () => {
    const before = structuredClone(variables);
    evaluate('(request.groups + ["x"]).map(g, g + "!").size() == 4');
    expect(variables).toEqual(before);
  });
});

describe('an expression that cannot be evaluated throws', () => {
  it.each([
    ['an index beyond a list', 'request.groups[3] == ""'],
    ['an index before a list', 'request.groups[0 - 1] == ""'],
    ['a key that a map does not have', '{"a": 1}[request.cluster] == 1'],
    ['a key that only JavaScript knows', '{"a": 1}["toString" + request.namespace] == 1'],
    ['an integer beyond 64 bits', 'request.expirationSeconds * 9223372036854775807 > 0'],
    ['an integer beyond 64 bits the other way', '0 - 9223372036854775807 - request.expirationSeconds < 0'],
    ['an error that no other operand outweighs', 'request.groups[9] == "" && true'],
  ])('%s', (_, text) => {
    expect(() => evaluate(text)).toThrow();
  });

  it('and so does a label that the request does not have', () => {
    for (const key of ['owner', 'constructor', 'toString'])
      expect(() => evaluate(`request.labels["${key}"] == ""`)).toThrow();
    const labels = { constructor: 'a' };
    const given = { ...variables, request: { ...variables.request, labels } };
    expect(evaluate('request.labels["constructor"] == "a"', 'bool', given)).toBe(true);
  });

  it('but not where the other operand decides', () => {
    expect(evaluate('request.groups[9] == "" || true')).toBe(true);
    expect(evaluate('false && request.groups[9] == ""')).toBe(false);
    expect(evaluate('[9, 0].exists(i, request.groups[i] == "team-a")')).toBe(true);
  });

  const request = variables.request;
  const tooMany = { labels: { ...largest.request.labels, another: '' } };
  it.each<[string, string, Partial<Record<keyof ExpressionVariables, unknown>>]>([
    [
      'more groups than expressions are admitted for',
      'size(request.groups) > 0',
      { request: { ...request, groups: Array<string>(33).fill('g') } },
    ],
    ['more labels', 'size(request.labels) > 0', { request: { ...request, ...tooMany } }],
    ['a longer label', '"team" in request.labels', { request: { ...request, labels: { team: 'a'.repeat(127) } } }],
    ['a longer name', 'request.username != ""', { request: { ...request, username: 'a'.repeat(129) } }],
    ['more certificates', 'size(active) > 0', { active: Array<unknown>(101).fill(variables.active[0]) }],
    ['a fraction', 'request.expirationSeconds > 0', { request: { ...request, expirationSeconds: 0.5 } }],
    ['a date that is none', 'now.getHours() > 0', { now: new Date(NaN) }],
    ['an instant that is none', 'size(active) > 0', { active: [{ ...variables.active[0], notAfter: 'soon' }] }],
    ['a missing field', 'request.namespace == ""', { request: { ...request, namespace: undefined } }],
  ])('a variable with %s', (_, text, given) => {
    expect(() => evaluate(text, 'bool', { ...variables, ...given } as ExpressionVariables)).toThrow();
  });
});

describe('what is wrong is said at load, with its place', () => {
  it.each([
    ['', 'line 1, column 1: is empty: write an expression'],
    [
      'request.user == "jane"',
      'line 1, column 9: Request has no field "user": it has username, groups, cluster, keyAlgorithm, expirationSeconds, namespace, reason, labels, collector; did you mean "username"?',
    ],
    [
      'request.constructor == ""',
      'line 1, column 9: Request has no field "constructor": it has username, groups, cluster, keyAlgorithm, expirationSeconds, namespace, reason, labels, collector',
    ],
    [
      'user == "jane"',
      'line 1, column 1: "user" is not a variable: there are request, requester, now, active, renewal, directory',
    ],
    [
      'true &&\n  size(activ) < 3',
      'line 2, column 8: "activ" is not a variable: there are request, requester, now, active, renewal, directory; did you mean "active"?',
    ],
    ['request.username', 'line 1, column 1: is a string, but must be a bool'],
    ['request.username = "jane"', 'line 1, column 18: Unexpected character: ='],
    ['request.username == 1', 'line 1, column 1: compares a string with an int, which are never equal'],
    ['request.expirationSeconds < "600"', 'line 1, column 1: "<" compares an int with a string'],
    ['request.username + 1 == ""', 'line 1, column 1: there is no string + int'],
    ['request.groups.all(g, g)', 'line 1, column 23: is a string, but must be a bool'],
    ['request.groups.all(g, g > "m")', 'line 1, column 23: ">" compares int, timestamp and duration, not string'],
    ['request.groups.all(g)', 'line 1, column 1: all() has 1 arguments: write list.all(x, condition)'],
    ['request.groups.all(request, true)', 'line 1, column 20: "request" is already in use: choose another name'],
    ['request.username.all(c, true)', 'line 1, column 1: is a string, all() runs over a list'],
    [
      'request.username.begins("a")',
      'line 1, column 1: there is no string.begins(string): there are all, contains, duration, endsWith, exists, exists_one, filter, getDate, getDayOfMonth, getDayOfWeek, getFullYear, getHours, getMinutes, getMonth, getSeconds, join, map, matches, size, split, startsWith, string, timestamp',
    ],
    [
      'startsWith(request.username, "a")',
      'line 1, column 1: there is no startsWith(string, string): write x.startsWith(…)',
    ],
    ['request.username.startsWith(1)', 'line 1, column 1: there is no string.startsWith(int)'],
    ['request.groups[request.username] == ""', 'line 1, column 16: is a string, but must be an int'],
    ['request["username"] == ""', 'line 1, column 1: a Request has no elements'],
    ['[1, "a"] == []', 'line 1, column 5: is a string in a list of int: a list holds one type'],
    ['true ? "a" : 1', 'line 1, column 14: is an int, but the value before ":" is a string'],
    ['now.getHours("Europe/Berlin") > 8', 'line 1, column 1: there is no google.protobuf.Timestamp.getHours(string)'],
    [
      'timestamp("2026-02-30T00:00:00Z") < now',
      'line 1, column 11: "2026-02-30T00:00:00Z" is a day that does not exist',
    ],
    [
      'timestamp("tomorrow") < now',
      'line 1, column 11: "tomorrow" is not an RFC 3339 instant of milliseconds at most, such as "2026-01-31T09:00:00Z"',
    ],
    [
      'now - now < duration("1 day")',
      'line 1, column 22: "1 day" is not a duration of whole hours, minutes, seconds or milliseconds, such as "1h30m"',
    ],
    [
      'request.reason.matches("(") || true',
      'line 1, column 24: the pattern cannot be used: opens a group that is not closed',
    ],
    [
      'request.username.matches("^(jane|(?i)joe)$")',
      'line 1, column 26: the pattern cannot be used, at its character 8: only ( ) and (?: ) groups are supported: no flags, names or look-around',
    ],
  ])('%s', (text, message) => {
    expect(errors(text)).toEqual([message]);
  });

  it('reports all of it at once, in order', () => {
    expect(errors('request.user == "" || activ == [] || size(1) > 0').map((error) => error.split(':')[0])).toEqual([
      'line 1, column 9',
      'line 1, column 23',
      'line 1, column 38',
    ]);
  });

  it('names the type that was asked for', () => {
    expect(errors('size(active)', 'string')).toEqual(['line 1, column 1: is an int, but must be a string']);
  });
});

describe('what the library does otherwise than specified is refused at load', () => {
  it.each([
    ['doubles', 'request.expirationSeconds < 3600.5'],
    ['unsigned integers', 'request.expirationSeconds < 3600'.replace('3600', '3600u')],
    ['bytes', 'b"a" == b"a"'],
    ['null', 'request.namespace == null'],
    ['integers beyond 64 bits', 'request.expirationSeconds < 9223372036854775808'],
    ['the negative of something that is not written out', 'request.expirationSeconds > -request.expirationSeconds'],
    ['division by something that is not written out', '10 / request.expirationSeconds > 0'],
    ['division by zero', '10 / 0 > 0'],
    ['division by -1', 'request.expirationSeconds / -1 > 0'],
    ['comparing types', 'type(request.username) == string'],
    ['values of any type', 'dyn(request.username) == 1'],
    ['conversions that take what CEL does not', 'int(request.reason) > 0'],
    ['lower case beyond ASCII', 'request.username.lowerAscii() == "jane"'],
    ['white space beyond what CEL means', 'request.reason.trim() != ""'],
    ['positions counted in code units', 'request.reason.substring(1) == ""'],
    ['the order of strings', 'request.username < "m"'],
    ['splitting between code units', 'size(request.username.split("")) > 0'],
    ['fields that are there or not', 'has(request.namespace)'],
    ['days of the year', 'now.getDayOfYear() > 0'],
    ['milliseconds of a duration', '(now - now).getMilliseconds() == 0'],
    ['durations that are equal', 'now - now == duration("0s")'],
    ['sums of durations', 'now - now + duration("1h") > duration("0s")'],
    ['a duration before an instant', 'duration("1h") + now > now'],
    ['fractions of a millisecond', 'now > timestamp("2026-01-01T00:00:00.0001Z")'],
    ['instants past the year 9999', 'timestamp("9999-12-31T00:00:00Z") + duration("48h") > now'],
    ['instants in seconds', 'now > timestamp(1767225600)'],
    ['loops over maps', '{"a": 1}.all(k, k == "a")'],
    ['keys that are not strings', '{1: "a"}[1] == "a"'],
    ['keys that the library drops', '{"__proto__": 1}["__proto__"] == 1'],
    ['a key twice', '{"a": 1, "a": 2}["a"] == 1'],
    ['local variables', 'cel.bind(x, 1, x == 1)'],
    ['messages', 'google.protobuf.Timestamp{seconds: 1} < now'],
    ['optional values', 'request.?username.orValue("") == ""'],
    ['a carriage return, which ends a comment', 'true // \r && false'],
  ])('%s', (_, text) => {
    expect(errors(text)).not.toEqual([]);
  });
});
