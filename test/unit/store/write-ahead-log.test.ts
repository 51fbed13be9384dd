import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { anEvent, testStore } from './records.js';

const mebibyte = 1024 * 1024;

it('grows while somebody reads for long, and shrinks when they are through', async () => {
  const { file, connect, commit, store } = await testStore();
  const size = () => statSync(`${file}-wal`).size / mebibyte;
  const write = async (mebibytes: number) => {
    for (let i = 0; i < mebibytes; i++)
      expect(await commit([], [anEvent({ details: { text: 'x'.repeat(mebibyte) } })])).toEqual({ committed: true });
  };
  await write(1);
  const reader = connect();
  reader.exec('BEGIN');
  const events = reader.prepare<[], number>('SELECT count(*) FROM "AuditRecord"').pluck();
  expect(events.get()).toBe(1);

  await write(60);
  expect(size()).toBeGreaterThan(60);
  // The open reader still sees its snapshot, and new readers see all events.
  expect(events.get()).toBe(1);
  expect(await store.auditEvents.head()).toMatchObject({ seq: 61 });

  reader.exec('ROLLBACK');
  await write(2);
  expect(size()).toBeLessThanOrEqual(48);
  expect(await store.auditEvents.head()).toMatchObject({ seq: 63 });
});
