// Tests src/store/tables/audit-event-table.ts
import { expect, it } from 'vitest';
import type { AuditEventFilter } from '../../../../src/model/audit-event.js';
import type { Store } from '../../../../src/store/store.js';
import { onPostgresql } from '../../../helpers/test-store.js';
import { anEvent, testStore, type TestStore } from '../../../unit/store/records.js';

const start = Date.UTC(2026, 2, 1);
const day = 86_400_000;

/** The time of the event with this number: one per second; the clock is a month ahead once, and a month behind once. */
function millisecondsOf(seq: number): number {
  const jitter = ((seq * 7919) % 13) * 1000;
  const month = seq > 1200 && seq <= 1210 ? 30 * day : seq > 2995 && seq <= 3003 ? -30 * day : 0;
  return start + seq * 1000 + jitter + month;
}

const count = 3400;
const all = Array.from({ length: count }, (_, i) => ({ seq: i + 1, at: new Date(millisecondsOf(i + 1)) }));

async function withEvents(): Promise<TestStore> {
  const opened = await testStore();
  for (let i = 0; i < count; i += 500)
    await opened.commit(
      [],
      all.slice(i, i + 500).map(({ at, seq }) => anEvent({ at, type: seq % 10 ? 'RequestApproved' : 'RequestDenied' })),
    );
  return opened;
}

async function listed(store: Store, filter: AuditEventFilter): Promise<number[]> {
  const seqs: number[] = [];
  let cursor: string | null = null;
  do {
    const page = await store.auditEvents.list(filter, { limit: 500, cursor });
    seqs.push(...page.items.map(({ seq }) => seq));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return seqs;
}

async function expectRightLists({ store }: TestStore): Promise<void> {
  const instants = [-31 * day, -30 * day + 2_999_000, 0, 999_000, 1_000_000, 1_205_000, 2_000_500, 3_000_000, 3_390_000]
    .concat([4_000_000, 30 * day + 1_205_000, 31 * day])
    .map((milliseconds) => new Date(start + milliseconds));
  const filters: AuditEventFilter[] = [
    ...instants.slice(1).map((before, i) => ({ after: instants[i]!, before })),
    { after: instants[5]! },
    { before: instants[7]! },
    // Most filters without an end find a tenth of the events, because reading all of them each time would take half a
    // minute.
    ...instants.flatMap((instant) => [
      { after: instant, type: 'RequestDenied' as const },
      { before: instant, type: 'RequestDenied' as const },
    ]),
  ];
  for (const filter of filters) {
    const { after, before, type } = filter;
    const expected = all.filter(
      ({ at, seq }) =>
        (after === undefined || at > after) &&
        (before === undefined || at < before) &&
        (type === undefined || seq % 10 === 0),
    );
    const seqs = expected.map(({ seq }) => seq);
    expect(await listed(store, filter), JSON.stringify(filter)).toEqual(seqs);
    if (type === undefined && after !== undefined)
      expect(await listed(store, { ...filter, order: 'newest' }), JSON.stringify(filter)).toEqual(seqs.toReversed());
  }
}

it('lists each event of a time, however far the clock went ahead or back', async () => {
  await expectRightLists(await withEvents());
});

const ofRanges = `INSERT INTO "AuditEventRange" ("firstSeq", "lastSeq", "earliest", "latest")
  VALUES (1, 1000, ${onPostgresql ? 'now(), now()' : '0, 0'})`;

it.each([
  ['an update', 'UPDATE "AuditEventRange" SET "latest" = "earliest"'],
  ['a delete', 'DELETE FROM "AuditEventRange"'],
  onPostgresql
    ? ['a truncation', 'TRUNCATE "AuditEventRange"']
    : ['a replacement', ofRanges.replace('INSERT', 'INSERT OR REPLACE')],
])('refuses %s of a range', async (_, sql = '') => {
  const { execute } = await testStore();
  await execute(ofRanges);
  await expect(execute(sql)).rejects.toThrow('the audit log is append-only');
});
