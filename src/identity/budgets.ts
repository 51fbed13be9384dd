import {
  budgetNames,
  budgetUses,
  budgetWindowSeconds,
  type BudgetLimits,
  type BudgetName,
  type BudgetStates,
  type BudgetUse,
  type SpentBudget,
} from '../model/budget.js';
import { foldedName } from '../model/folded-name.js';
import type { Principal, Role } from '../model/principal.js';

/** When so many principals are remembered, the one whose window began first is forgotten. */
const mostAccounts = 20_000;
const windowMilliseconds = budgetWindowSeconds * 1000;

export interface BudgetRules {
  readonly limits: BudgetLimits;
  /** Other limits for some roles. A role that is not there has `limits`. */
  readonly roles: ReadonlyMap<Role, BudgetLimits>;
}

/** The expenses of one principal in its window. */
interface Account {
  readonly endsAt: number;
  readonly spent: Record<BudgetName, number>;
  /** The budgets of which somebody was told that they are spent. */
  readonly told: Set<BudgetName>;
}

/**
 * Counts what each principal spends, whatever the way in and the credential. Names are compared as people may be taken for
 * each other, so a name cannot be written in another way to get another budget. Counting is synchronous: calls that arrive
 * together do not outrun it. Each process counts for itself, in memory.
 */
export class Budgets {
  /** By folded name; the windows that end first come first. */
  readonly #accounts = new Map<string, Account>();
  readonly #limits = new Map<string, BudgetLimits>();

  /** `rules` null: nothing is counted. `now`: milliseconds that only grow. */
  constructor(
    private readonly rules: BudgetRules | null,
    private readonly clock: () => Date,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Counts a call that begins. Answers the first budget that it needs and of which nothing is left; then it costs nothing. */
  begin(principal: Principal, use: BudgetUse): SpentBudget | null {
    if (this.rules === null) return null;
    const { needs, costs } = budgetUses[use];
    const spent = this.#firstSpent(principal, needs);
    if (spent === null && costs !== null) this.spend(principal.name, costs, 1);
    return spent;
  }

  /** Counts so much, also beyond the limit. `amount`: in units of the budget, or parts of them. */
  spend(principalName: string, name: BudgetName, amount: number): void {
    if (this.rules === null) return;
    const key = foldedName(principalName);
    const account = this.#account(key) ?? this.#open(key);
    account.spent[name] += amount;
  }

  /** How the budgets of a principal stand; null where nothing is counted. */
  states(principal: Principal): BudgetStates | null {
    if (this.rules === null) return null;
    const limits = this.#limitsOf(principal, this.rules);
    const account = this.#account(foldedName(principal.name));
    if (account === undefined) return { limits, secondsLeft: null, remaining: (name) => limits[name] };
    const { spent } = account;
    return {
      limits,
      secondsLeft: this.#secondsLeft(account),
      remaining: (name) => Math.max(0, Math.ceil(limits[name] - spent[name])),
    };
  }

  #firstSpent(principal: Principal, names: readonly BudgetName[]): SpentBudget | null {
    if (this.rules === null) return null;
    const account = this.#account(foldedName(principal.name));
    if (account === undefined) return null;
    const limits = this.#limitsOf(principal, this.rules);
    const name = names.find((one) => account.spent[one] >= limits[one]);
    if (name === undefined) return null;
    const isNews = !account.told.has(name);
    account.told.add(name);
    const secondsLeft = this.#secondsLeft(account);
    const until = new Date(this.clock().getTime() + secondsLeft * 1000);
    return { name, limit: limits[name], secondsLeft, until, isNews };
  }

  #secondsLeft({ endsAt }: Account): number {
    return Math.max(1, Math.ceil((endsAt - this.now()) / 1000));
  }

  /** The largest limits that the roles of the principal have: somebody with another role beside is not worse off. */
  #limitsOf({ roles }: Principal, rules: BudgetRules): BudgetLimits {
    if (rules.roles.size === 0 || roles.length === 0) return rules.limits;
    const key = roles.join();
    let limits = this.#limits.get(key);
    if (limits === undefined) {
      const all = roles.map((role) => rules.roles.get(role) ?? rules.limits);
      limits = limitsOf((name) => Math.max(...all.map((of) => of[name])));
      this.#limits.set(key, limits);
    }
    return limits;
  }

  #account(key: string): Account | undefined {
    const account = this.#accounts.get(key);
    if (account === undefined || account.endsAt > this.now()) return account;
    this.#accounts.delete(key);
    return undefined;
  }

  #open(key: string): Account {
    const [oldest] = this.#accounts.size >= mostAccounts ? this.#accounts.keys() : [];
    if (oldest !== undefined) this.#accounts.delete(oldest);
    const account = { endsAt: this.now() + windowMilliseconds, spent: limitsOf(() => 0), told: new Set<BudgetName>() };
    this.#accounts.set(key, account);
    return account;
  }
}

/** One number for each budget. */
export function limitsOf(limit: (name: BudgetName) => number): Record<BudgetName, number> {
  return Object.fromEntries(budgetNames.map((name) => [name, limit(name)])) as Record<BudgetName, number>;
}
