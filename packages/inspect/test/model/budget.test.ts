// Tests packages/inspect/src/model/budget.ts
import { describe, expect, it } from 'vitest';
import { uploadLimits, openBudget } from '../../src/model/budget.js';

describe('what an upload may cost', () => {
  it('refuses the object past the last', () => {
    const budget = openBudget();
    for (let i = 0; i < uploadLimits.objects; i++) budget.spendObject();
    expect(() => budget.spendObject()).toThrow(expect.objectContaining({ reason: 'TooManyObjects' }));
  });

  it('refuses the octet past the last', () => {
    const budget = openBudget();
    budget.spendOctets(uploadLimits.unwrappedOctets);
    expect(() => budget.spendOctets(1)).toThrow(expect.objectContaining({ reason: 'TooLarge' }));
  });

  it('affords key derivations until their iterations are spent, and smaller ones still after a refusal', () => {
    const budget = openBudget();
    expect(budget.mayDerive(uploadLimits.derivationIterations + 1)).toBe(false);
    expect(budget.mayDerive(Number.POSITIVE_INFINITY)).toBe(false);
    expect(budget.mayDerive(Number.NaN)).toBe(false);
    expect(budget.mayDerive(-1)).toBe(false);
    expect(budget.mayDerive(uploadLimits.derivationIterations - 1)).toBe(true);
    expect(budget.mayDerive(2)).toBe(false);
    expect(budget.mayDerive(1)).toBe(true);
  });

  it('affords a bounded number of signatures', () => {
    const budget = openBudget();
    for (let i = 0; i < uploadLimits.signatures; i++) expect(budget.mayVerify()).toBe(true);
    expect(budget.mayVerify()).toBe(false);
  });

  it('affords a bounded number of tests whether a modulus is prime', () => {
    const budget = openBudget();
    for (let i = 0; i < uploadLimits.testedModuli; i++) expect(budget.mayTestModulus()).toBe(true);
    expect(budget.mayTestModulus()).toBe(false);
  });
});
