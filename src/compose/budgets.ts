import type { Config } from '../config/config.js';
import { Budgets, type Spender } from '../identity/budgets.js';
import type { AuditEventDraft, Json } from '../model/audit-event.js';
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

/** The members that every event has, with their names: instant, numbers, punctuation. */
const sharedOctets = 220;

/** About as many octets as the canonical text of the event has, without writing it. */
function octetsOf({ details, principal, cluster }: AuditEventDraft): number {
  return sharedOctets + (principal?.length ?? 4) + (cluster?.length ?? 4) + jsonOctets(details);
}

function jsonOctets(value: Json): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  if (typeof value !== 'object' || value === null) return 5;
  let octets = 2;
  if (Array.isArray(value)) for (const element of value as readonly Json[]) octets += jsonOctets(element) + 1;
  else for (const [name, member] of Object.entries(value)) octets += name.length + 4 + jsonOctets(member);
  return octets;
}
