// Tests src/store/sqlite/batch-writer.ts, src/store/tables/identity-block-table.ts
import { expect, it } from 'vitest';
import type { IdentityBlock } from '../../../src/model/identity.js';
import type { Write } from '../../../src/store/steps/step.js';
import {
  insertIdentityBlock,
  removeIdentityBlock,
  requireUnblocked,
} from '../../../src/store/tables/identity-block-table.js';
import { insertRequest, updateRequest } from '../../../src/store/tables/write-request.js';
import { aRequest, instant, testStore } from './records.js';

// SQLite's writer keeps the names that are blocked in memory.

const now = instant('2026-03-01T10:00:00.000Z');
const block: IdentityBlock = {
  ...{ username: 'jane', clusters: null, reason: 'cessationOfOperation', comment: null, until: null },
  ...{ blockedAt: now, blockedBy: 'hr' },
};
const insert: Write = insertIdentityBlock({ block, folded: 'jane' });
const ask = (): readonly Write[] => [
  requireUnblocked({ cluster: 'demo', folded: ['jane', 'hr', 'hr'], now }),
  insertRequest(aRequest()),
];
const done = { committed: true };
const blocked = { committed: false, conflict: { kind: 'blocked' } };

it('sees a block of the same batch, and the end of one', async () => {
  const { commit, store } = await testStore();
  expect(await Promise.all([commit(ask()), commit([insert]), commit(ask())])).toEqual([done, done, blocked]);
  const [stored] = await store.identityBlocks.find(['jane']);
  const remove: Write = removeIdentityBlock({ folded: 'jane', n: stored?.n ?? 0n });
  expect(await Promise.all([commit(ask()), commit([remove]), commit(ask())])).toEqual([blocked, done, done]);
});

it('forgets a block, and the end of one, that was rolled back', async () => {
  const { commit, store } = await testStore();
  const request = aRequest();
  await commit([insertRequest(request)]);
  const conflicts: Write = updateRequest({ id: request.id, from: { state: 'issued' }, to: { state: 'failed' } });
  expect(await Promise.all([commit([insert, conflicts]), commit(ask())])).toMatchObject([{ committed: false }, done]);
  await commit([insert]);
  const [stored] = await store.identityBlocks.find(['jane']);
  const remove: Write = removeIdentityBlock({ folded: 'jane', n: stored?.n ?? 0n });
  const asked = ask();
  expect(await commit([remove, ...asked, conflicts])).toMatchObject({ conflict: { kind: 'request' } });
  expect(await commit(ask())).toEqual(blocked);
});

it('sees a block that another connection has written', async () => {
  const { commit, connect } = await testStore();
  expect(await commit(ask())).toEqual(done);
  const other = connect();
  other.exec(
    `INSERT INTO "IdentityBlock" ("folded", "username", "reason", "blockedAt", "blockedBy") VALUES ('jane', 'Jane', 'superseded', 0, 'hr')`,
  );
  expect(await commit(ask())).toEqual(blocked);
  other.exec('DELETE FROM "IdentityBlock"');
  expect(await commit(ask())).toEqual(done);
});
