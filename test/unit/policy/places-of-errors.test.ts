// Tests src/policy/parse-policy-set.ts, src/policy/check-shape.ts,
// packages/inspect/src/formats/yaml/read-strict-yaml.ts
import { expect, it } from 'vitest';
import { parsePolicySet } from '../../../src/policy/parse-policy-set.js';

const errors = (text: string) => {
  const parsed = parsePolicySet([{ path: 'p.yaml', text }]);
  return parsed.ok ? [] : parsed.errors;
};

/** A policy in block style, as people write it. */
const block = (spec: string, comment = '# who may have what') => `${comment}
apiVersion: kubepass/v1
kind: Policy
metadata:
  name: developers
spec:
  selector: {}
  allowed:
    usernames: ['*']
  approval:
    mode: auto
${spec}`;

it.each<[string, string, string]>([
  [
    'a field',
    block('  constraint:\n    maxExpirationSeconds: 3600\n'),
    'p.yaml:12:3: /spec/constraint: is not a known field; did you mean "constraints"?',
  ],
  [
    'a value',
    block('  constraints:\n    keyAlgorithms:\n      - RSA\n      - ECDSA-P265\n'),
    'p.yaml:15:9: /spec/constraints/keyAlgorithms/1: must be one of ',
  ],
  [
    'a weekday',
    block('  constraints: { hours: { timeZone: UTC, weekdays: [Mon, Tues] } }\n'),
    'p.yaml:12:58: /spec/constraints/hours/weekdays/1: must be one of Mon, Tue, Wed, Thu, Fri, Sat, Sun; did you mean "Tue"?',
  ],
  [
    'a time zone',
    block('  constraints: { hours: { timeZone: Europe/Berln } }\n'),
    'p.yaml:12:27: /spec/constraints/hours/timeZone: "Europe/Berln" is not an IANA time zone; did you mean "Europe/Berlin"?',
  ],
  [
    'a function of CEL',
    block('  validations:\n    - expression: request.username.startWith("a")\n'),
    'p.yaml:13:7: /spec/validations/0/expression: line 1, column 1: there is no string.startWith(string): there are all, ' +
      'contains, duration, endsWith, exists, exists_one, filter, getDate, getDayOfMonth, getDayOfWeek, getFullYear, ' +
      'getHours, getMinutes, getMonth, getSeconds, join, map, matches, size, split, startsWith, string, timestamp; did ' +
      'you mean "startsWith"?',
  ],
  [
    'a field that is missing',
    block('  validations:\n    - message: no\n'),
    'p.yaml:13:7: /spec/validations/0/expression: is missing',
  ],
  [
    'a label whose key has slashes',
    block('').replace('selector: {}', 'selector:\n    labels:\n      a/b: [c]'),
    'p.yaml:9:7: /spec/selector/labels/a/b: must be a DNS label: a-z, 0-9 and inner -, at most 63 characters',
  ],
  [
    'the target of an alias',
    block('tests:\n  - &t { name: 1 }\n  - *t\n'),
    'p.yaml:13:10: /tests/1/name: must be string',
  ],
])('names line and column of %s', (_, text, error) => {
  expect(errors(text).filter((found) => found.startsWith(error))).toHaveLength(1);
});

it('counts lines that end as on Windows', () => {
  expect(errors(block('  constraint: {}\n').replaceAll('\n', '\r\n'))).toEqual([
    'p.yaml:12:3: /spec/constraint: is not a known field; did you mean "constraints"?',
  ]);
});

it('guesses nothing where nothing is near', () => {
  expect(errors(block('  colour: red\n'))).toEqual(['p.yaml:12:3: /spec/colour: is not a known field']);
});
