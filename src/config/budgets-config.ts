import { Type, type Static } from 'typebox';
import { roles, type Role } from '../model/principal.js';
import type { BudgetLimits, BudgetName } from '../model/budget.js';
import { optionalGroup, type ReportProblem } from './setting.js';

const Limit = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });
const limits = { writes: Limit, denied: Limit, inspectionSeconds: Limit, auditKilobytes: Limit };
const RoleLimits = optionalGroup(limits);

/** `budgets` of the configuration file. */
export const BudgetSettings = optionalGroup({
  ...limits,
  roles: optionalGroup(Object.fromEntries(roles.map((role) => [role, RoleLimits])) as Record<Role, typeof RoleLimits>),
});
export type BudgetSettings = Static<typeof BudgetSettings>;

/** How much each principal may spend in a minute, in each process. */
export interface BudgetsConfig {
  readonly limits: BudgetLimits;
  /** For those who have one of these roles. */
  readonly roles: Readonly<Partial<Record<Role, BudgetLimits>>>;
}

type Settings = Readonly<Partial<Record<Exclude<BudgetName, 'endingAccess'>, number>>>;

/** Generous for a portal that serves everybody, tight for a stolen token. */
const defaults = { writes: 6000, denied: 600, inspectionSeconds: 120, auditKilobytes: 20_000 };

/** Ending access has as much as writes, beside them. */
function readLimits(settings: Settings, otherwise: Required<Settings>): BudgetLimits {
  const all = { ...otherwise, ...settings };
  return { ...all, endingAccess: all.writes };
}

/** `environment`: the value of the variable that switches budgets off; null where it does. */
export function readBudgets(
  settings: BudgetSettings | undefined,
  environment: string | undefined,
  report: ReportProblem,
  variable: string,
): BudgetsConfig | null {
  if (environment !== undefined && environment !== 'off') report(variable, 'must be off, or not be set');
  if (environment === 'off') return null;
  const { roles: ofRoles = {}, ...general } = settings ?? {};
  const limits = readLimits(general, defaults);
  return {
    limits,
    roles: Object.fromEntries(
      Object.entries(ofRoles).map(([role, own]) => [role, readLimits(own as Settings, limits)]),
    ),
  };
}
