import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import { anEventAt, now } from '../helpers/retention.js';

/** Commits large events on the thread for writing until the process is killed, and tells of each that is committed. */
const [, , file = ''] = process.argv;
const { writer } = await openSqliteStore({ file, writerThread: true });
const event = { ...anEventAt(now), details: { text: 'x'.repeat(50_000) } } as unknown as ReturnType<typeof anEventAt>;

async function commitForEver(): Promise<never> {
  for (;;) {
    await writer.commit({ operations: [], events: [event] });
    process.send?.('committed');
  }
}

await Promise.all(Array.from({ length: 8 }, commitForEver));
