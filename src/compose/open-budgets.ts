import { packEvents } from '../audit/audit-record.js';
import type { Config } from '../config/config.js';
import { Budgets, type Spender } from '../identity/spent-budgets.js';
import type { AuditEventDraft } from '../model/audit-event.js';
import type { BudgetLimits } from '../model/budget.js';
import type { Role } from '../model/principal.js';
import type { CommitFollower } from '../store/writer/followed-writer.js';
import type { Step } from '../store/steps/step.js';
import { keptOctets } from './kept-octets.js';

/** The budgets of all principals. `now`: milliseconds that only grow. */
export function openBudgets({ budgets }: Config, clock: () => Date, now?: () => number): Budgets {
  if (budgets === null) return new Budgets(null, clock, now);
  const roles = new Map(Object.entries(budgets.roles) as [Role, BudgetLimits][]);
  return new Budgets({ limits: budgets.limits, roles }, clock, now);
}

/**
 * Spends the `auditKilobytes` of whoever causes events, before a step is committed. Events without a principal are caused by
 * the one that another event of their step names; a renewal by a proof of possession is paid by its username. Nothing
 * follows where budgets are off.
 */
export function budgetFollower(budgets: Pick<Budgets, 'areCounted' | 'spend'>): readonly CommitFollower[] {
  if (!budgets.areCounted) return [];
  const before = (step: Step): Step => {
    const cause = step.events.find(({ principal }) => principal !== null);
    if (cause === undefined) return step;
    const packed = packEvents(step.events);
    budgets.spend(spenderOf(cause), 'auditKilobytes', keptOctets(step, packed) / 1000);
    return { ...step, packed };
  };
  return [{ minds: null, waits: true, before }];
}

function spenderOf({ principal, details }: AuditEventDraft): Spender {
  const spender = { name: principal ?? '', credentialId: null };
  if (!('keyProof' in details) || typeof details['username'] !== 'string') return spender;
  return { ...spender, proof: { username: details['username'] } };
}
