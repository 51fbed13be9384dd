import { packEvents, type UnchainedRecord } from '../../audit/audit-record.js';
import type { Budgets, Spender } from '../../callers/spent-budgets.js';
import type { AuditEventDraft } from '../../model/audit-event.js';
import type { CommitFollower } from './followed-writer.js';
import type { Step } from '../steps/step.js';

/**
 * Spends the `auditKilobytes` of whoever causes events, before a step is committed. Events without a principal are
 * caused by the one that another event of their step names; a renewal by a proof of possession is paid by its username.
 * Nothing follows where budgets are off.
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

/**
 * About how many octets of a step are kept for good, as far as a caller decides how many there are: its audit events,
 * and the texts and people that are kept beside them. Members that have the same size in every request and certificate
 * are not counted, because the number of calls bounds them.
 */
const keptOctets = ({ events, operations }: Step, packed: readonly UnchainedRecord[]): number =>
  sum(packed, octetsOfRecord) + sum(events, octetsOfMembers) + sum(operations, ({ octets }) => octets?.() ?? 0);

/** The number of an event, with its name, and its hash. */
const sharedOctets = 100;
/** Somebody in a group: a row, which an index has too. */
const memberOctets = 60;

/** Its events, each with the text that they share. */
function octetsOfRecord({ text: { beforeDetails, beforePrincipal, beforeSeq }, lines }: UnchainedRecord): number {
  const shared = sharedOctets + sum([beforeDetails, beforePrincipal, beforeSeq], utf8Octets);
  return sum(lines, ({ details, principal, type }) => shared + sum([details, principal, type], utf8Octets));
}

function octetsOfMembers({ type, details }: AuditEventDraft): number {
  return type === 'DirectoryMembershipChanged' ? memberOctets * (details.added.length + details.removed.length) : 0;
}

const utf8Octets = (text: string): number => Buffer.byteLength(text);

const sum = <T>(values: readonly T[], octets: (value: T) => number): number =>
  values.reduce((total, value) => total + octets(value), 0);
