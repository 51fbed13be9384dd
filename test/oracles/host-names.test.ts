// Tests packages/inspect/src/findings/checks/host-names.ts
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { hostNamesOf, whyUnmatchable } from '../../packages/inspect/src/findings/checks/host-names.js';
import { ask } from './ask.js';

const oracles = inject('oracles');

const labels = [
  'a',
  'web',
  'WEB',
  '*',
  '**',
  'w*',
  '*b',
  '_x',
  '-x',
  'x-',
  'x_y',
  '1',
  '10',
  'xn--bcher-kva',
  'bücher',
  '',
];
const oddities = [' ', '.', ':443', ':', '%', '/', '@', '\u0000', '\n', 'ı', '[', ']', 'https://'];
const addresses = [
  '10.0.0.1',
  '10.0.0.01',
  '010.0.0.1',
  '256.0.0.1',
  '1.2.3',
  '1.2.3.4.5',
  '::1',
  '0:0:0:0:0:0:0:1',
  'FD00::1',
  'fd00:0:0::1',
  '::ffff:10.0.0.1',
  '::FFFF:a00:1',
  '::10.0.0.1',
  '1::2::3',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7::',
  '1:2:3:4::5:6:7:8',
  'fe80::1%eth0',
  '12345::1',
  '::1.2.3',
  '[::1]',
  '[10.0.0.1]',
  '[a]',
];

const name = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(fc.constantFrom(...labels), { minLength: 1, maxLength: 4 }).map((all) => all.join('.')),
  },
  { weight: 2, arbitrary: fc.constantFrom(...addresses) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...labels), fc.constantFrom(...oddities), fc.constantFrom(...labels, 'a.b', 'example.com'))
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);

const valid = ['10.0.0.1', '::1', 'fd00::1', '::ffff:10.0.0.1', '1:2:3:4:5:6:7:8'];

interface Question {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly host: string;
}

/** A host that may well be one of the names. */
const question: fc.Arbitrary<Question> = fc
  .record({ dns: fc.array(name, { maxLength: 3 }), ip: fc.subarray(valid, { maxLength: 2 }), other: name })
  .chain(({ dns, ip, other }) =>
    fc
      .constantFrom(
        other,
        ...dns,
        ...ip,
        ...dns.map((each) => each.replace(/^\*/, 'any')),
        ...dns.map((each) => `${each}.`),
      )
      .map((host) => ({ dns, ip, host })),
  );

const seed = 20_261_126;
const has = ({ dns, ip, host }: Question): boolean => hostNamesOf({ dns, ip, email: [], uri: [], others: 0 }).has(host);

describe.skipIf(oracles === null)('host names, as Go judges them', () => {
  const inGo = (questions: readonly Question[]) =>
    ask(
      oracles!.hostnames,
      questions.map((asked) => JSON.stringify(asked)),
    ) as readonly boolean[];

  it('match a host or do not: 100,000 certificates', () => {
    const questions = fc.sample(question, { numRuns: 100_000, seed });
    const answers = inGo(questions);
    const differing = questions.filter((asked, i) => has(asked) !== answers[i]);
    expect(differing.slice(0, 20)).toEqual([]);
    // Both answers occur often enough to say something.
    expect(answers.filter(Boolean).length).toBeGreaterThan(10_000);
    expect(answers.filter((is) => !is).length).toBeGreaterThan(10_000);
  });

  it('can be matched by a client at all, or cannot: 20,000 names', () => {
    const names = fc.sample(name, { numRuns: 20_000, seed });
    // A host is one that clients ask for where a wildcard can stand for a label before it.
    const hosts = names.map((each) => each.replace(/^\*/, 'any'));
    const asked = inGo(
      names.flatMap((each, i) => [
        { dns: [each], ip: [], host: hosts[i]! },
        { dns: [`*.${hosts[i]!}`], ip: [], host: `any.${hosts[i]!}` },
      ]),
    );
    const differing = names.filter(
      (each, i) => (whyUnmatchable(each) === null) !== (asked[2 * i]! && asked[2 * i + 1]!),
    );
    expect([...new Set(differing)].slice(0, 20)).toEqual([]);
    expect(names.filter((each) => whyUnmatchable(each) === null).length).toBeGreaterThan(1000);
  });

  it('are longer than DNS allows without a complaint of Go, which leaves that to the resolver', () => {
    const long = `${'a'.repeat(64)}.example`;
    expect(inGo([{ dns: [long], ip: [], host: long }])).toEqual([true]);
    expect(whyUnmatchable(long)).toContain('more than 63');
  });
});
