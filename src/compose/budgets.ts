import type { Config } from '../config/config.js';
import { Budgets, type Spender } from '../identity/budgets.js';
import type { AuditEventDraft } from '../model/audit-event.js';
import type { BudgetLimits } from '../model/budget.js';
import type { Role } from '../model/principal.js';
import type { Writer } from '../store/step.js';

/** The budgets of all principals. `now`: milliseconds that only grow. */
export function openBudgets({ budgets }: Config, clock: () => Date, now?: () => number): Budgets {
  if (budgets === null) return new Budgets(null, clock, now);
  const roles = new Map(Object.entries(budgets.roles) as [Role, BudgetLimits][]);
  return new Budgets({ limits: budgets.limits, roles }, clock, now);
}

/**
 * A writer that spends the `auditKilobytes` of whoever causes events, before they are committed. Events without a principal
 * are caused by the one that another event of their step names; a renewal by a proof of possession is paid by its username.
 */
export function spendingWriter(writer: Writer, budgets: Pick<Budgets, 'spend'>): Writer {
  return {
    commit(step) {
      const cause = step.events.find(({ principal }) => principal !== null);
      if (cause !== undefined)
        budgets.spend(
          spenderOf(cause),
          'auditKilobytes',
          step.events.reduce((sum, event) => sum + octetsOf(event), 0) / 1000,
        );
      return writer.commit(step);
    },
  };
}

function spenderOf({ principal, details }: AuditEventDraft): Spender {
  const spender = { name: principal ?? '', credentialId: null };
  if (!('keyProof' in details) || typeof details['username'] !== 'string') return spender;
  return { ...spender, proof: { username: details['username'] } };
}

/** The number of an event, with its name, and its hash. */
const sharedOctets = 100;

/** About as many octets as the event has in the log. Its canonical text has the same members and the same escapes. */
const octetsOf = (event: AuditEventDraft): number => sharedOctets + Buffer.byteLength(JSON.stringify(event));
