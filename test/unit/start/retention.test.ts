// Tests src/start/work-beside-requests.ts, src/start/runtime.ts
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Closings } from '../../../src/start/runtime.js';
import { beginRetention } from '../../../src/start/work-beside-requests.js';
import type { Config } from '../../../src/config/config.js';
import { newCheckpointSigner } from '../../helpers/checkpoint-signer.js';
import { archivesIn, now, recordEvents, retentionOn } from '../../helpers/retention.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { testStore } from '../store/records.js';

const directory = temporaryDirectory();
const archiveDir = join(directory.path, 'archives');
let closings = new Closings();
afterEach(async () => {
  await closings.close();
  rmSync(archiveDir, { recursive: true, force: true });
});

async function begin(archive: Config['audit']['archive']) {
  const { store } = await testStore();
  await recordEvents(store, 600);
  const warnings: { readonly fields: object; readonly message: string }[] = [];
  const log = {
    info: () => undefined,
    warn: (fields: object, message: string) => void warnings.push({ fields, message }),
    error: () => undefined,
  };
  const clock = () => now;
  closings = new Closings();
  const config = { audit: { archive } } as Config;
  const overrides = { retentionRoundMilliseconds: 20 };
  const signer = newCheckpointSigner();
  const { checkpoints } = await retentionOn(store, archiveDir, { signer, log });
  warnings.length = 0;
  const retention = beginRetention({ config, overrides, clock, log, store, closings }, checkpoints, [signer]);
  return { store, warnings, notes: () => retention?.notes() ?? [] };
}

it('says that the directory is lost, without its path to everybody, and goes on when it is there', async () => {
  const { store, warnings, notes } = await begin({ afterDays: 30, directory: archiveDir });
  await expect
    .poll(notes)
    .toEqual(['no audit event is archived or pruned: the directory of the archives cannot be used']);
  expect(warnings[0]).toMatchObject({
    fields: { reason: expect.stringContaining(archiveDir) as string },
    message: 'no audit event is archived or pruned, it is tried again',
  });
  expect(await store.auditArchives.last()).toBeNull();
  mkdirSync(archiveDir);
  await expect.poll(notes).toEqual([]);
  expect(archivesIn(archiveDir)).toEqual(['audit-000000000001-000000000512.ndjson']);
  await expect.poll(() => store.auditArchives.unpruned()).toEqual([]);
});

it('archives nothing where nobody asked for it', async () => {
  mkdirSync(archiveDir);
  const { store, notes } = await begin(null);
  await closings.close();
  expect(notes()).toEqual([]);
  expect(await store.auditArchives.last()).toBeNull();
});
