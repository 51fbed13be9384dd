// Tests src/store/writer/kept-octets.ts
import { describe, expect, it } from 'vitest';
import { packEvents } from '../../../src/audit/audit-record.js';
import { canonicalJson, NotCanonicalizableError } from '../../../src/audit/canonical-json.js';
import { budgetFollower } from '../../../src/store/writer/kept-octets.js';
import { Budgets } from '../../../src/callers/spent-budgets.js';
import { auditEvent, type AuditEventDraft, type Json } from '../../../src/model/audit-event.js';
import { noName, type DirectoryUser } from '../../../src/model/directory.js';
import { followedWriter } from '../../../src/store/writer/followed-writer.js';
import { StepPreparation } from '../../../src/store/writer/prepare-step.js';
import { sqliteDialect } from '../../../src/store/sqlite/sqlite-statements.js';
import type { Step, Write } from '../../../src/store/steps/step.js';
import { revokeApiToken } from '../../../src/store/tables/api-token-table.js';
import { insertDirectoryUser, updateDirectoryUser } from '../../../src/store/tables/directory-statements.js';
import { insertIdempotencyKey } from '../../../src/store/tables/idempotency-key-table.js';
import { insertIdentityBlock } from '../../../src/store/tables/identity-block-table.js';
import { insertCertificate } from '../../../src/store/tables/insert-certificate.js';
import { insertRequest } from '../../../src/store/tables/write-request.js';
import { aCertificate, aRequest } from './records.js';

const at = new Date('2026-03-01T09:30:00Z');

/** How many octets a step costs, and whom. */
async function costOf(step: Step) {
  const spent: { readonly name: string; readonly octets: number }[] = [];
  const writer = followedWriter(
    { commit: () => Promise.resolve({ committed: true }) },
    budgetFollower({
      areCounted: true,
      spend: ({ name }, budget, kilobytes) => {
        expect(budget).toBe('auditKilobytes');
        spent.push({ name, octets: kilobytes * 1000 });
      },
    }),
  );
  await writer.commit(step);
  return spent;
}

const eventWith = (comment: string): AuditEventDraft => auditEvent('RequestCancelled', at, 'carol', { comment });

/** The octets of its text in the log, without its number. */
const loggedOctets = ({ at, ...rest }: AuditEventDraft) =>
  Buffer.byteLength(canonicalJson({ ...(rest as unknown as Record<string, Json>), at: at.toISOString() }));

describe('what is kept beside the log', () => {
  const nothing = { operations: [], events: [eventWith('x')] };
  /** The octets that an operation costs beside its event. */
  const costBeside = async (operation: Write) => {
    const [withIt] = await costOf({ ...nothing, operations: [operation] });
    const [without] = await costOf(nothing);
    return (withIt?.octets ?? 0) - (without?.octets ?? 0);
  };
  const long = '😀'.repeat(120);
  const user: DirectoryUser = {
    ...{
      id: 'u-1',
      person: 'p-1',
      userName: 'jane',
      externalId: null,
      active: true,
      displayName: long,
      username: 'jane',
    },
    name: noName,
    emails: Array.from({ length: 20 }, (_, i) => ({ value: `${long}${String(i)}`, type: long, primary: false })),
    ...{ createdAt: at, changedAt: at, version: 1, deletedAt: null, inactiveSince: null, blockedAt: null, reuse: null },
    ...{ succeededAt: null, left: null },
  };

  it.each([
    ['a person who joins', insertDirectoryUser(user)],
    ['a person who changes', updateDirectoryUser({ user, version: 1 })],
  ] as const)('costs %s as often as their addresses are kept', async (_who, operation) => {
    const octets = 20 * 2 * Buffer.byteLength(long);
    expect(await costBeside(operation)).toBeGreaterThan(3 * octets);
    expect(await costBeside(operation)).toBeLessThan(3.5 * octets);
  });

  it('costs the comment of a block in its row and in the list beside the database', async () => {
    const block = {
      username: 'jane',
      reason: 'superseded',
      clusters: null,
      until: null,
      blockedAt: at,
      blockedBy: 'carol',
    } as const;
    const operation = insertIdentityBlock({ block: { ...block, comment: long }, folded: 'jane' });
    expect(await costBeside(operation)).toBeGreaterThan(2 * Buffer.byteLength(long));
  });

  it('costs what a caller writes in a request and in a certificate, and once more where the answer is kept', async () => {
    const asked = aRequest({ reason: long, labels: { team: long }, groups: [long] });
    const inserts = insertRequest(asked);
    const key = {
      principal: 'carol',
      method: 'POST',
      path: '/',
      key: 'k',
      bodySha256: '',
      requestId: 'r-1',
      createdAt: at,
    };
    const octets = Buffer.byteLength(long);
    const costs = await Promise.all(
      [[inserts], [inserts, insertIdempotencyKey(key, asked)]].map((operations) =>
        costOf({ operations, events: [eventWith('x')] }),
      ),
    );
    const [once = 0, twice = 0] = costs.map(([cost]) => cost?.octets);
    expect(once).toBeGreaterThan(6 * octets);
    expect(twice - once).toBeGreaterThan(3 * octets);
    const certificate = aCertificate({ id: 'r-1' }, { groups: [long] });
    expect(await costBeside(insertCertificate(certificate))).toBeGreaterThan(5 * octets);
  });

  it('costs each person who comes into a group', async () => {
    const added = Array.from({ length: 100 }, () => 'x');
    const about = { groupId: 'g-1', displayName: 'all', externalId: null, removed: [] };
    const event = (names: readonly string[]) =>
      auditEvent('DirectoryMembershipChanged', at, 'carol', { ...about, added: names });
    const [many] = await costOf({ operations: [], events: [event(added)] });
    const [none] = await costOf({ operations: [], events: [event([])] });
    expect((many?.octets ?? 0) - (none?.octets ?? 0)).toBeGreaterThan(100 * 50);
  });

  it('costs nothing that every call keeps in the same size', async () => {
    expect(await costBeside(revokeApiToken({ id: 'token', at }))).toBe(0);
  });
});

describe('the events of a step', () => {
  const step = { operations: [], events: [eventWith('x'), auditEvent('RequestCancelled', at, null, { comment: 'y' })] };
  const asked = (budgets: Parameters<typeof budgetFollower>[0]) => {
    const steps: Step[] = [];
    const committed = { committed: true } as const;
    const store = { commit: (one: Step) => Promise.resolve(void steps.push(one)).then(() => committed) };
    return { steps, writer: followedWriter(store, budgetFollower(budgets)) };
  };

  it('reach the store as they were packed in order to count them, and are not serialized there again', async () => {
    const { steps, writer } = asked({ areCounted: true, spend: () => undefined });
    await writer.commit(step);
    const packed = steps[0]?.packed ?? [];
    expect(packed).toEqual(packEvents(step.events));
    const prepared = new StepPreparation(sqliteDialect, (one) => one).prepare({ ...step, packed });
    expect('records' in prepared && prepared.records[0]?.lines).toBe(packed[0]?.lines);
  });

  it('cost what each of them has in the log, also where they share a record', async () => {
    const [cost] = await costOf(step);
    const logged = step.events.map(loggedOctets).reduce((sum, octets) => sum + octets);
    expect(packEvents(step.events)).toHaveLength(1);
    expect(cost?.octets).toBeGreaterThanOrEqual(logged);
    expect(cost?.octets).toBeLessThan(logged + 2 * 150);
  });

  it('are not looked at where budgets are off', () => {
    expect(budgetFollower(new Budgets(null, () => at))).toEqual([]);
  });

  it('that have no canonical form cost nothing and are not committed', async () => {
    const spent: unknown[] = [];
    const { steps, writer } = asked({ areCounted: true, spend: (...all) => void spent.push(all) });
    const committing = writer.commit({ operations: [], events: [eventWith('\ud800')] });
    await expect(committing).rejects.toThrow(NotCanonicalizableError);
    expect([steps, spent]).toEqual([[], []]);
  });
});

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
