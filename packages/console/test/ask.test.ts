// Tests packages/console/src/pages/ask/spec.ts, packages/console/src/parts/words.ts
import { describe, expect, it } from 'vitest';
import { choices, said, secondsOf } from '../src/parts/words.js';
import { askOf, type AskValues, faultsIn, fieldNames, filledBy, placed } from '../src/pages/ask/spec.js';

describe('a lifetime in words', () => {
  it.each([
    ['8 hours', 28_800],
    ['8h', 28_800],
    ['8h30m', 30_600],
    ['1 day 12 hours', 129_600],
    ['a week', 604_800],
    ['an hour and 30 minutes', 5_400],
    ['1.5 hours', 5_400],
    ['28800', 28_800],
    ['8', null],
    ['soon', null],
    ['8 hours or so', null],
    ['0 hours', null],
    ['', null],
  ])('%j is %s seconds', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it('offers the longest that policy gives as the last choice', () => {
    expect(choices(43_200)).toEqual([3_600, 28_800, 43_200]);
    expect(choices(86_400)).toEqual([3_600, 28_800, 86_400]);
    expect(choices(Infinity)).toEqual([3_600, 28_800, 86_400, 604_800]);
  });

  it('says one of a unit as people do', () => {
    expect([86_400, 3_600, 60, 28_800, 90_000].map(said)).toEqual([
      'a day',
      'an hour',
      'a minute',
      '8 hours',
      '1 day 1 hour',
    ]);
  });
});

describe('an offer', () => {
  const offer = (some: object) =>
    ({ clusters: ['demo'], usernames: ['*'], groups: ['team-*'], maxExpirationSeconds: null, ...some }) as Parameters<
      typeof filledBy
    >[0];
  const typed = { cluster: 'other', username: 'jane' };
  it.each([
    [{}, { cluster: 'demo', username: 'jane', groups: '', lifetime: '1 day' }],
    [
      { maxExpirationSeconds: 43_200, groups: ['ops'] },
      { groups: 'ops', lifetime: '12 hours' },
    ],
    // No group more than is needed is filled in.
    [
      { groups: ['ops', 'dev'], usernames: ['max'] },
      { groups: '', username: 'max' },
    ],
    [{ clusters: ['other', 'demo'] }, { cluster: 'other' }],
    [
      { clusters: ['a', 'b'], maxExpirationSeconds: 604_800 },
      { cluster: '', lifetime: '1 day' },
    ],
  ])('of %j fills the fields with %j', (some, filled) => expect(filledBy(offer(some), typed)).toMatchObject(filled));
});

const csr = '-----BEGIN CERTIFICATE REQUEST-----\nMIHp\n-----END CERTIFICATE REQUEST-----';
const valuesWith = (some: Partial<AskValues>): AskValues => ({
  ...(Object.fromEntries(fieldNames.map((name) => [name, ''])) as unknown as AskValues),
  ...some,
});

describe('the ask that stands in the fields', () => {
  it('leaves out what is empty', () => {
    const values = valuesWith({ cluster: ' demo ', username: 'jane', groups: 'team-a, ,team-b,' });
    expect(askOf(values, null)).toEqual({
      spec: { cluster: 'demo', username: 'jane', groups: ['team-a', 'team-b'] },
      faults: [],
    });
  });

  it('has labels, whose value may have another equals sign', () => {
    const values = valuesWith({ cluster: 'demo', username: 'jane', labels: 'team=a, q=x=y, bare' });
    const { spec, faults } = askOf(values, null);
    expect(spec.labels).toMatchObject({ team: 'a', q: 'x=y' });
    expect(faults.map(([field]) => field)).toEqual(['labels']);
  });

  it('takes nothing but the PEM block of a CSR, whose names count', () => {
    const values = valuesWith({ cluster: 'demo', username: 'bob', csr: `before\n${csr}\nafter` });
    expect(askOf(values, null)).toEqual({ spec: { cluster: 'demo', csr: `${csr}\n` }, faults: [] });
    const [fault] = askOf(valuesWith({ cluster: 'demo', username: 'bob', csr: 'MIHp' }), null).faults;
    expect(fault?.[0]).toBe('csr');
  });

  it('says which names are missing', () => {
    expect(askOf(valuesWith({}), null).faults.map(([field]) => field)).toEqual(['cluster', 'username']);
  });

  it('of a renewal has no names', () => {
    const values = valuesWith({ cluster: 'demo', username: 'jane', lifetime: '8 hours', reason: 'on call' });
    expect(askOf(values, 'ab'.repeat(32))).toEqual({
      spec: { expirationSeconds: 28_800, reason: 'on call', renewalOf: 'ab'.repeat(32) },
      faults: [],
    });
  });
});

describe('violations and errors', () => {
  const violation = (reason: string, message: string) => ({ source: 'a policy', reason, message });

  it('stand below the field that they are about', () => {
    const violations = [
      violation('GroupNotPermitted', 'group "x" is not permitted by policy "a"'),
      violation('NameNotAllowed', 'username "ä" has other characters'),
      violation('IdentityBlocked', 'collector "bob" is blocked on cluster "demo"'),
      violation('IdentityBlocked', 'requester "hr" is blocked on cluster "demo"'),
      violation('ExpirationTooLong', 'expirationSeconds 86400 is more than the 43200 that policy "a" permits'),
      violation('KeyAlgorithmNotPermitted', 'key algorithm RSA-2048 is not permitted'),
      violation('DeniedByGuardrail', 'group "y" is not given out'),
    ];
    const { faults, others } = placed(violations, true);
    expect(faults).toEqual([
      ['groups', 'Group "x" is not permitted by policy "a".'],
      ['username', 'Username "ä" has other characters.'],
      ['collector', 'Collector "bob" is blocked on cluster "demo".'],
      ['lifetime', 'The lifetime of 1 day is more than the 12 hours that policy "a" permits.'],
      ['csr', 'Key algorithm RSA-2048 is not permitted.'],
    ]);
    expect(others.map(({ reason }) => reason)).toEqual(['IdentityBlocked', 'DeniedByGuardrail']);
    expect(placed(violations, false).others).toHaveLength(3);
  });

  it('come to the fields from the pointers of a problem', () => {
    const problem = { type: 'urn:kubepass:problem:invalid-request', title: '', status: 400, requestId: '' } as const;
    const errors = [
      { pointer: '/expirationSeconds', message: 'must be >= 600' },
      { pointer: '/groups/1', message: 'must not have a comma' },
      { pointer: '/headers/x', message: 'is elsewhere' },
    ];
    expect(faultsIn({ ...problem, detail: 'the body is wrong', errors })).toEqual([
      ['lifetime', 'Must be >= 600.'],
      ['groups', 'Must not have a comma.'],
    ]);
    const unacceptable = { ...problem, type: 'urn:kubepass:problem:unacceptable-csr', status: 422 } as const;
    expect(faultsIn({ ...unacceptable, detail: 'the csr is not signed' })).toEqual([['csr', 'The csr is not signed.']]);
  });
});
