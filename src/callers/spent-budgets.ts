import {
  budgetNames,
  budgetsOfCredentials,
  budgetUses,
  budgetWindowSeconds,
  type BudgetLimits,
  type BudgetName,
  type BudgetStates,
  type BudgetUse,
  type SpentBudget,
} from '../model/budget.js';
import { BoundedMap } from '../model/bounded-map.js';
import type { Principal, Role } from '../model/principal.js';

/** The most names, or credentials, that are remembered. A further name displaces the name whose window began first. */
const mostAccounts = 20_000;
const windowMilliseconds = budgetWindowSeconds * 1000;

interface BudgetRules {
  readonly limits: BudgetLimits;
  /** Other limits for some roles. A role that is not there has `limits`. */
  readonly roles: ReadonlyMap<Role, BudgetLimits>;
}

/**
 * A caller who spends; `credentialId` is null where only the name is known. Callers with the key of a certificate spend
 * what there is for its username: a stolen key does not use up the budgets of whoever asked for the certificate.
 */
export interface Spender {
  readonly name: string;
  readonly credentialId: string | null;
  /** All sessions of an API token spend what there is for it. */
  readonly tokenId?: string;
  readonly proof?: { readonly username: string };
}

/** The expenses of one name, or of one credential, in its window. */
interface Account {
  readonly endsAt: number;
  readonly spent: Record<BudgetName, number>;
  /** The budgets of which somebody was told that they are spent. */
  readonly told: Set<BudgetName>;
}

/**
 * Counts what each principal spends. Names are compared exactly: whoever may choose a name that only looks like another
 * one does not spend its budgets. All credentials of a name share them, except `budgetsOfCredentials`. Counting is
 * synchronous: calls that arrive together do not outrun it. Each process counts for itself, in memory.
 */
export class Budgets {
  readonly #ofNames: Accounts;
  readonly #ofCredentials: Accounts;
  /** By usernames of certificates: a certificate for a principal's name must not spend the principal's budget. */
  readonly #ofUsernames: Accounts;
  readonly #limits = new Map<string, BudgetLimits>();

  /** `rules` null: nothing is counted. `now`: milliseconds that only grow. */
  constructor(
    private readonly rules: BudgetRules | null,
    private readonly clock: () => Date,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#ofNames = new Accounts(now);
    this.#ofCredentials = new Accounts(now);
    this.#ofUsernames = new Accounts(now);
  }

  get areCounted(): boolean {
    return this.rules !== null;
  }

  /** Counts a call, or answers the first budget that is used up; then the call costs nothing. */
  begin(principal: Principal, use: BudgetUse): SpentBudget | null {
    if (this.rules === null) return null;
    const { needs, costs } = budgetUses[use];
    const spent = this.#firstSpent(principal, needs);
    if (spent === null && costs !== null) this.spend(principal, costs, 1);
    return spent;
  }

  /** Counts so much, also beyond the limit. `amount`: in units of the budget, or parts of them. */
  spend(spender: Spender, name: BudgetName, amount: number): void {
    if (this.rules === null) return;
    const [accounts, key] = this.#whereIs(spender, name);
    accounts.opened(key).spent[name] += amount;
  }

  /** How the budgets of a principal stand; null where nothing is counted. */
  states(principal: Principal): BudgetStates | null {
    if (this.rules === null) return null;
    const limits = this.#limitsOf(principal, this.rules);
    return {
      limits,
      secondsLeft: (name) => {
        const account = this.#account(principal, name);
        return account === undefined ? null : this.#secondsLeft(account);
      },
      remaining: (name) => Math.max(0, Math.ceil(limits[name] - (this.#account(principal, name)?.spent[name] ?? 0))),
    };
  }

  #firstSpent(principal: Principal, names: readonly BudgetName[]): SpentBudget | null {
    if (this.rules === null) return null;
    const limits = this.#limitsOf(principal, this.rules);
    for (const name of names) {
      const account = this.#account(principal, name);
      if (account === undefined || account.spent[name] < limits[name]) continue;
      const isNews = !account.told.has(name);
      account.told.add(name);
      const secondsLeft = this.#secondsLeft(account);
      const until = new Date(this.clock().getTime() + secondsLeft * 1000);
      return { name, limit: limits[name], secondsLeft, until, isNews };
    }
    return null;
  }

  #account(spender: Spender, name: BudgetName): Account | undefined {
    const [accounts, key] = this.#whereIs(spender, name);
    return accounts.find(key);
  }

  #whereIs({ name, credentialId, tokenId, proof }: Spender, budget: BudgetName): readonly [Accounts, string] {
    const credential = tokenId ?? credentialId;
    if (budgetsOfCredentials.has(budget) && credential !== null) return [this.#ofCredentials, credential];
    return proof === undefined ? [this.#ofNames, name] : [this.#ofUsernames, proof.username];
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
}

class Accounts {
  /** The windows that end first come first. */
  readonly #accounts = new BoundedMap<string, Account>(mostAccounts);

  constructor(private readonly now: () => number) {}

  /** The account whose window is not over. */
  find(key: string): Account | undefined {
    const account = this.#accounts.get(key);
    if (account === undefined || account.endsAt > this.now()) return account;
    this.#accounts.delete(key);
    return undefined;
  }

  /** The same; opens it where there is none. */
  opened(key: string): Account {
    const found = this.find(key);
    if (found !== undefined) return found;
    const account = { endsAt: this.now() + windowMilliseconds, spent: limitsOf(() => 0), told: new Set<BudgetName>() };
    this.#accounts.set(key, account);
    return account;
  }
}

/** One number for each budget. */
export function limitsOf(limit: (name: BudgetName) => number): Record<BudgetName, number> {
  return Object.fromEntries(budgetNames.map((name) => [name, limit(name)])) as Record<BudgetName, number>;
}
