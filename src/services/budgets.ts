import type { BudgetName, BudgetStates, BudgetUse, SpentBudget } from '../model/budget.js';
import type { Principal } from '../model/principal.js';

/** Limits for what each principal may spend in a minute. */
export interface BudgetService {
  /** Counts a call that begins. Answers the budget that it needs and of which nothing is left; then it is not counted. */
  begin(principal: Principal, use: BudgetUse): SpentBudget | null;
  /** Counts so many units of a budget. */
  spend(
    spender: {
      readonly name: string;
      readonly credentialId: string | null;
      readonly proof?: { readonly username: string };
    },
    name: BudgetName,
    amount: number,
  ): void;
  /** How the budgets stand; null where they are off. */
  states(principal: Principal): BudgetStates | null;
}
