import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/audit/canonical-json.js';
import { spendingWriter } from '../../../src/compose/budgets.js';
import { auditEvent, type AuditEventDraft, type Json } from '../../../src/model/audit-event.js';
import type { Step } from '../../../src/store/step.js';

const at = new Date('2026-03-01T09:30:00Z');

/** How many octets a step costs, and whom. */
async function costOf(step: Step) {
  const spent: { readonly name: string; readonly octets: number }[] = [];
  const writer = spendingWriter(
    { commit: () => Promise.resolve({ committed: true }) },
    {
      spend: ({ name }, budget, kilobytes) => {
        expect(budget).toBe('auditKilobytes');
        spent.push({ name, octets: kilobytes * 1000 });
      },
    },
  );
  await writer.commit(step);
  return spent;
}

const eventWith = (comment: string): AuditEventDraft => auditEvent('RequestCancelled', at, 'carol', { comment });

/** The octets of its text in the log, without its number. */
const loggedOctets = ({ at, ...rest }: AuditEventDraft) =>
  Buffer.byteLength(canonicalJson({ ...(rest as unknown as Record<string, Json>), at: at.toISOString() }));

describe('an event', () => {
  it.each([
    ['plain text', 'x'],
    ['control characters', '\u0001'],
    ['line ends', '\n'],
    ['quotation marks', '"'],
    ['emoji', '😀'],
  ])('costs as many octets as it has in the log, with %s', async (_what, character) => {
    const event = eventWith(character.repeat(1024));
    const [cost, ...more] = await costOf({ operations: [], events: [event] });
    expect(more).toEqual([]);
    expect(cost?.name).toBe('carol');
    expect(cost?.octets).toBeGreaterThanOrEqual(loggedOctets(event));
    expect(cost?.octets).toBeLessThan(loggedOctets(event) + 150);
  });
});
