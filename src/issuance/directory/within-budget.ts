import type { Budgets } from '../../identity/budgets.js';
import { BudgetSpentError } from '../../model/budget.js';
import type { DirectoryUserAttributes } from '../../model/directory.js';
import type { Principal } from '../../model/principal.js';
import { changedAttributes } from './change-user.js';

type Change = (before: DirectoryUserAttributes) => DirectoryUserAttributes;

/**
 * A change of a person for which a caller has budget. Whether somebody leaves by it is known only now, so the call was let in.
 * Without budget nothing else is kept of such a change: the person leaves, and their other attributes stay. Other changes are
 * refused then.
 */
export function withinBudget(budgets: Pick<Budgets, 'begin'>, principal: Principal, change: Change): Change {
  return (before) => {
    const after = change(before);
    const changed = changedAttributes(before, after);
    const spent = changed.length === 0 ? null : budgets.begin(principal, 'keeping');
    if (spent === null) return after;
    if (changed.includes('active') && !after.active) return { ...before, active: false };
    throw new BudgetSpentError(spent);
  };
}
