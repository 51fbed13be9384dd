// Tests src/backup/verify-database.ts
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verifiedLog } from '../../../src/backup/verify-database.js';
import type { Store } from '../../../src/store/store.js';
import { anEventAt, now, recordEvents, retentionOn } from '../../helpers/retention.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { testStore } from '../store/records.js';

const directory = temporaryDirectory();
/** A store with other answers of its checkpoints. */
const withCheckpoints = (store: Store, answers: Partial<Store['checkpoints']>) => {
  const { checkpoints: own } = store;
  const same = {
    instanceId: () => own.instanceId(),
    last: () => own.last(),
    server: () => own.server(),
    keys: () => own.keys(),
    tile: (level: number, n: number) => own.tile(level, n),
    tileCount: (level: number) => own.tileCount(level),
  };
  return { ...store, checkpoints: { ...same, ...answers } };
};

it('a log that is in use is not called damaged', async () => {
  const { store } = await testStore();
  await recordEvents(store, 20);
  const { checkpoints } = await retentionOn(store, '/nowhere');
  await checkpoints.sign();
  const inUse = withCheckpoints(store, {
    async last() {
      await recordEvents(store, 3);
      await checkpoints.sign();
      return store.checkpoints.last();
    },
  });
  await expect(verifiedLog('the database', inUse)).resolves.toHaveProperty('head');
});

it('the hash of an event that is in the database is computed, also where others are archived', async () => {
  const { store } = await testStore();
  await recordEvents(store, 700);
  await recordEvents(store, 300, (i) => anEventAt(now, i));
  const archiveDir = join(directory.path, 'archives');
  mkdirSync(archiveDir);
  const { archived, checkpoints } = await retentionOn(store, archiveDir);
  await archived.run();
  await checkpoints.sign();
  expect((await store.auditEvents.start()).seq).toBe(512);
  const asked: string[] = [];
  const tiles = withCheckpoints(store, {
    tile(level, n) {
      asked.push(`${level}/${n}`);
      return store.checkpoints.tile(level, n);
    },
  });
  await expect(verifiedLog('the database', tiles)).resolves.toHaveProperty('head');
  expect(new Set(asked)).toEqual(new Set(['0/0', '0/1']));
});
