// Tests src/store/sqlite/batch-writer.ts
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { anEvent, testStore } from './records.js';

const mebibyte = 1024 * 1024;

it('grows while somebody reads for long, and shrinks when they are through', async () => {
  const { file, connect, commit, store } = await testStore();
  const size = () => statSync(`${file}-wal`).size / mebibyte;
  const write = async () => expect(await commit([], [anEvent()])).toEqual({ committed: true });
  await write();
  const reader = connect();
  reader.exec('BEGIN');
  const events = reader.prepare<[], number>('SELECT count(*) FROM "AuditRecord"').pluck();
  expect(events.get()).toBe(1);

  await write();
  // All writers share the log, and one that chains no events fills it sooner.
  const bulk = connect();
  bulk.exec(`CREATE TABLE "Bulk" AS SELECT zeroblob(${60 * mebibyte}) AS "octets"`);
  expect(size()).toBeGreaterThan(60);
  // The open reader still sees its snapshot, and new readers see all events.
  expect(events.get()).toBe(1);
  expect(await store.auditEvents.head()).toMatchObject({ seq: 2 });

  reader.exec('ROLLBACK');
  await write();
  await write();
  expect(size()).toBeLessThanOrEqual(48);
  expect(await store.auditEvents.head()).toMatchObject({ seq: 4 });
});
