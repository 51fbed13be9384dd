// Tests src/callers/spent-budgets.ts, src/model/bounded-map.ts, src/model/budget.ts
import { beforeEach, describe, expect, it } from 'vitest';
import { Budgets, limitsOf } from '../../../../src/callers/spent-budgets.js';
import type { BudgetName } from '../../../../src/model/budget.js';
import { principal } from '../../../helpers/principals.js';

const limits = { writes: 3, endingAccess: 3, denied: 2, inspectionSeconds: 1, auditKilobytes: 10 };
const jane = principal('jane', ['requester']);

let now = 0;
const clock = () => new Date(Date.UTC(2026, 2, 1) + now);
const open = (roles = new Map()) => new Budgets({ limits, roles }, clock, () => now);
beforeEach(() => {
  now = 1_000;
});

/** How one budget of a principal stands. */
function stateOf(budgets: Budgets, name: BudgetName, who = jane) {
  const states = budgets.states(who);
  return (
    states && { limit: states.limits[name], remaining: states.remaining(name), secondsLeft: states.secondsLeft(name) }
  );
}

/** The budgets that are refused to one call after another. */
const begin = (budgets: Budgets, who = jane, use: Parameters<Budgets['begin']>[1] = 'writing', times = 1) =>
  Array.from({ length: times }, () => budgets.begin(who, use)?.name ?? null);

describe('a budget', () => {
  it('lets in as many calls as it has, and no more until its minute is over', () => {
    const budgets = open();
    expect(begin(budgets, jane, 'writing', 5)).toEqual([null, null, null, 'writes', 'writes']);
    now += 59_999;
    expect(begin(budgets)).toEqual(['writes']);
    now += 1;
    expect(begin(budgets, jane, 'writing', 4)).toEqual([null, null, null, 'writes']);
  });

  it('begins its minute with the first thing that is spent', () => {
    const budgets = open();
    expect(stateOf(budgets, 'writes')).toEqual({ limit: 3, remaining: 3, secondsLeft: null });
    now += 30_000;
    begin(budgets);
    now += 30_500;
    expect(stateOf(budgets, 'writes')).toEqual({ limit: 3, remaining: 2, secondsLeft: 30 });
  });

  it('says when it is there again, and is news once in its minute', () => {
    const budgets = open();
    begin(budgets, jane, 'writing', 3);
    now += 20_000;
    const until = new Date(clock().getTime() + 40_000);
    expect(budgets.begin(jane, 'writing')).toMatchObject({ limit: 3, secondsLeft: 40, until, isNews: true });
    expect(budgets.begin(jane, 'writing')).toMatchObject({ isNews: false });
  });

  it('is shared by all credentials of a name, and by nobody with a name that looks like it', () => {
    const budgets = open();
    begin(budgets, jane, 'writing', 3);
    expect(begin(budgets, principal('jane', ['admin'], { method: 'oidc', credentialId: 'other' }))).toEqual(['writes']);
    for (const other of ['JANE', 'Jane', 'joe'])
      expect(begin(budgets, principal(other, ['requester'], { method: 'oidc' })), other).toEqual([null]);
  });

  it('has something left as long as less than all of it is spent, and says so in whole units', () => {
    const budgets = open();
    budgets.spend(jane, 'auditKilobytes', 9.99);
    expect(begin(budgets)).toEqual([null]);
    expect(stateOf(budgets, 'auditKilobytes')).toMatchObject({ remaining: 1 });
    budgets.spend(jane, 'auditKilobytes', 5);
    expect(begin(budgets)).toEqual(['auditKilobytes']);
    expect(stateOf(budgets, 'auditKilobytes')).toMatchObject({ remaining: 0 });
  });
});

describe('a thief with one token of a name', () => {
  const [thief, person] = ['stolen', 'kept'].map((credentialId) => principal('jane', ['admin'], { credentialId }));

  it('does not keep the person from looking the token up and ending it', () => {
    const budgets = open();
    expect(begin(budgets, thief, 'endingAccess', 4)).toEqual([null, null, null, 'endingAccess']);
    budgets.spend(thief ?? jane, 'denied', 2);
    expect(begin(budgets, thief, 'reading')).toEqual(['denied']);
    expect(stateOf(budgets, 'denied', person)).toEqual({ limit: 2, remaining: 2, secondsLeft: null });
    for (const use of ['reading', 'endingAccess', 'writing'] as const)
      expect(begin(budgets, person, use), use).toEqual([null]);
  });
});

describe('the sessions of an API token', () => {
  it('spend the budgets of the token, however many they are', () => {
    const budgets = open();
    const token = principal('jane', ['admin'], { credentialId: 't1' });
    const sessions = ['s1', 's2'].map((credentialId) => ({
      ...token,
      method: 'session' as const,
      credentialId,
      tokenId: 't1',
    }));
    for (const session of sessions) budgets.spend(session, 'denied', 1);
    for (const caller of [token, ...sessions]) expect(begin(budgets, caller, 'reading')).toEqual(['denied']);
    expect(begin(budgets, { ...token, method: 'session', credentialId: 's3' }, 'reading')).toEqual([null]);
  });
});

describe('a caller whose other budgets are spent', () => {
  it('still ends access, as often as it may write', () => {
    const budgets = open();
    begin(budgets, jane, 'writing', 3);
    budgets.spend(jane, 'denied', 100);
    budgets.spend(jane, 'auditKilobytes', 100);
    expect(begin(budgets, jane, 'endingAccess', 4)).toEqual([null, null, null, 'endingAccess']);
  });

  it('reads unless too much was denied to it', () => {
    const budgets = open();
    begin(budgets, jane, 'writing', 4);
    budgets.spend(jane, 'inspectionSeconds', 9);
    expect(begin(budgets, jane, 'reading')).toEqual([null]);
    budgets.spend(jane, 'denied', 2);
    expect(begin(budgets, jane, 'reading')).toEqual(['denied']);
    expect(begin(budgets, jane, 'nothing')).toEqual([null]);
  });
});

describe('roles with limits of their own', () => {
  const more = limitsOf((name) => limits[name] * 2);
  const less = limitsOf(() => 1);

  it.each([
    [['provisioner'], 6],
    [['approver'], 1],
    [['requester'], 3],
    [['requester', 'approver'], 3],
    [['approver', 'provisioner'], 6],
    [[], 3],
  ] as const)('give %j %i writes', (roles, writes) => {
    const budgets = open(new Map([['provisioner', more] as const, ['approver', less] as const]));
    expect(stateOf(budgets, 'writes', principal('jane', roles))).toMatchObject({ limit: writes });
  });
});

it('forgets the window that began first where there are very many', () => {
  const budgets = open();
  begin(budgets, jane, 'writing', 3);
  for (let i = 0; i < 19_999; i++) budgets.spend(principal(`user-${String(i)}`, []), 'writes', 3);
  expect(begin(budgets)).toEqual(['writes']);
  budgets.spend(principal('one-more', []), 'writes', 3);
  expect(begin(budgets, principal('user-0', []))).toEqual(['writes']);
  expect(begin(budgets)).toEqual([null]);
});

it('counts nothing where budgets are off', () => {
  const budgets = new Budgets(null, clock);
  budgets.spend(jane, 'denied', 10_000);
  expect(begin(budgets, jane, 'writing', 10)).toEqual(Array(10).fill(null));
  expect(budgets.states(jane)).toBeNull();
});
