// Tests src/policy/evaluate-guardrail.ts, src/policy/decide.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApprovalStage } from '../../../src/model/decision.js';
import { describeStages } from '../../../src/policy/evaluate-guardrail.js';
import { atLeast, countOf } from '../../../src/policy/decide.js';

const by = (group: string, count = 1): ApprovalStage => ({ count, approvers: { groups: [group] } });
const anybody = (count = 1): ApprovalStage => ({ count });

describe('atLeast', () => {
  it.each<[string, ApprovalStage[], ApprovalStage[], ApprovalStage[]]>([
    ['nothing asked for', [by('a')], [], [by('a')]],
    ['asked for already', [by('a', 2)], [by('a')], [by('a', 2)]],
    ['asked for in two stages', [by('a'), by('b'), by('a')], [by('a', 2)], [by('a'), by('b'), by('a')]],
    ['asked for twice, and once there', [by('a')], [by('a'), by('a')], [by('a', 2)]],
    ['others before the own', [by('a')], [by('b'), by('c')], [by('b'), by('c'), by('a')]],
    ['anybody, whom every stage counts towards', [by('a'), by('b')], [anybody(2)], [by('a'), by('b')]],
    ['anybody besides those who are named', [by('a')], [by('a'), anybody()], [anybody(), by('a')]],
    ['more of anybody', [anybody(), by('a')], [anybody(3)], [anybody(2), by('a')]],
    ['no approvers said in two ways', [{ count: 1, approvers: {} }], [anybody()], [{ count: 1, approvers: {} }]],
  ])('%s', (_, own, minimum, expected) => {
    expect(atLeast(own, minimum)).toEqual(expected);
  });

  it('takes selectors for the same whatever the order in their lists', () => {
    const own = [{ count: 1, approvers: { groups: ['a', 'b'], names: ['x'] } }];
    expect(atLeast(own, [{ count: 1, approvers: { names: ['x'], groups: ['b', 'a'] } }])).toEqual(own);
  });

  it('asks for no less than either, and no more than both', () => {
    const stages = fc.array(
      fc
        .tuple(fc.constantFrom('a', 'b', null), fc.integer({ min: 1, max: 3 }))
        .map(([group, count]) => (group === null ? anybody(count) : by(group, count))),
      { maxLength: 4 },
    );
    const of = (group: string, list: readonly ApprovalStage[]) =>
      countOf(list.filter(({ approvers }) => approvers?.groups?.includes(group)));
    fc.assert(
      fc.property(stages, stages, (own, minimum) => {
        const all = atLeast(own, minimum);
        for (const group of ['a', 'b']) expect(of(group, all)).toBe(Math.max(of(group, own), of(group, minimum)));
        expect(countOf(all)).toBeGreaterThanOrEqual(Math.max(countOf(own), countOf(minimum)));
        expect(countOf(all)).toBeLessThanOrEqual(countOf(own) + countOf(minimum));
        expect(atLeast(all, minimum)).toEqual(all);
      }),
    );
  });
});

describe('describeStages', () => {
  it('says who and how many', () => {
    expect(describeStages([])).toBe('none');
    expect(describeStages([by('leads', 2), anybody()])).toBe('2 approvals by groups "leads", then 1 approval');
    expect(describeStages([{ count: 1, approvers: { names: ['a', 'b'], roles: ['admin'] } }])).toBe(
      '1 approval by names "a", "b" with roles "admin"',
    );
  });
});
