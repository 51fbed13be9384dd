// Tests src/store/sqlite/open-sqlite-store.ts, src/store/store.ts
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.js';
import { rememberPolicySet } from '../../../src/store/tables/policy-set-table.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

it('leaves one file behind when it is closed: the database, with everything in it', async () => {
  const directory = temporaryDirectory();
  const file = join(directory.path, 'kubepass.db');
  const store = await openSqliteStore({ file });
  await store.writer.commit({ operations: [rememberPolicySet({ digest: 'd', texts: [] })], events: [] });
  expect(await store.policySets.find('d')).toEqual([]);
  expect(existsSync(`${file}-wal`)).toBe(true);
  await store.close();
  expect(existsSync(`${file}-wal`)).toBe(false);
  directory.remove();
});
