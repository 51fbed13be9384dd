/**
 * The budgets of a principal. `writes`: calls that may keep something. `endingAccess`: calls that end access or prevent
 * it. `denied`: answers 403. `inspectionSeconds`: processor time of inspections. `auditKilobytes`: audit events, and
 * the texts and people beside the log that calls keep for good, in 1,000 octets.
 */
export const budgetNames = ['writes', 'endingAccess', 'denied', 'inspectionSeconds', 'auditKilobytes'] as const;
export type BudgetName = (typeof budgetNames)[number];

/**
 * The budgets that each credential has for itself; the others belong to the exact name of the principal. So whoever has
 * stolen one token of a person does not keep the person from looking it up and ending it with another one.
 */
export const budgetsOfCredentials: ReadonlySet<BudgetName> = new Set(['endingAccess', 'denied']);

/** How much a principal may spend of each in a window. */
export type BudgetLimits = Readonly<Record<BudgetName, number>>;

/** How long a window is. It begins with the first thing that is spent. */
export const budgetWindowSeconds = 60;

/**
 * The use of a call: which budgets must have something left, and which of them it costs at once. `nothing`: the call is
 * neither counted nor refused.
 */
export const budgetUses = {
  nothing: { needs: [], costs: null },
  reading: { needs: ['denied'], costs: null },
  writing: { needs: ['writes', 'denied', 'auditKilobytes'], costs: 'writes' },
  inspecting: { needs: ['inspectionSeconds', 'denied'], costs: null },
  // A call that was let in, where it turns out that it keeps more than the end of somebody's access.
  keeping: { needs: ['auditKilobytes'], costs: null },
  // In an emergency no budget that was spent on something else is in the way.
  endingAccess: { needs: ['endingAccess'], costs: 'endingAccess' },
} as const satisfies Readonly<
  Record<string, { readonly needs: readonly BudgetName[]; readonly costs: BudgetName | null }>
>;
export type BudgetUse = keyof typeof budgetUses;

/** How the budgets of a principal stand. */
export interface BudgetStates {
  /** The same object for everybody who has the same limits. */
  readonly limits: BudgetLimits;
  /** Answers when all of one is there again; null where nothing is spent. 1 … 60. */
  readonly secondsLeft: (name: BudgetName) => number | null;
  /** Answers the rest of one in whole units, rounded up: 0 exactly where nothing is left. */
  readonly remaining: (name: BudgetName) => number;
}

/** A budget of which nothing is left. */
export interface SpentBudget {
  readonly name: BudgetName;
  readonly limit: number;
  /** When all of it is there again. 1 … 60. */
  readonly secondsLeft: number;
  /** The same as an instant. */
  readonly until: Date;
  /** Whether nobody was told so before in this window. */
  readonly isNews: boolean;
}

/** Work was about to begin for a principal who has no budget left for it. */
export class BudgetSpentError extends Error {
  override readonly name = 'BudgetSpentError';
  constructor(readonly spent: SpentBudget) {
    super(`the budget ${spent.name} is spent`);
  }
}
