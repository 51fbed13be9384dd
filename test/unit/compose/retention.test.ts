import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openRetention, type RetentionToBegin } from '../../../src/compose/retention.js';
import type { Config } from '../../../src/config/config.js';
import { Checkpoints } from '../../../src/evidence/checkpoint-service.js';
import { archivesIn, now, recordEvents } from '../../helpers/retention.js';
import { newCheckpointSigner } from '../../helpers/checkpoint-signer.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { testStore } from '../store/records.js';

const directory = temporaryDirectory();
const archiveDir = join(directory.path, 'archives');
const patiently = { timeout: 10_000 };
let retention: RetentionToBegin | undefined;
afterEach(async () => {
  await retention?.stop();
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
  const signers = [newCheckpointSigner()];
  const checkpoints = new Checkpoints({
    soleProcess: false,
    ...{ store, signers, clock, log },
    ...{ retiresOthers: true, owner: 'this', deliveriesOf: () => [] },
  });
  await checkpoints.open();
  warnings.length = 0;
  const config = { audit: { checkpointSeconds: 60, checkpointKeyFiles: null, archive } } as unknown as Config;
  retention = openRetention(config, { store, checkpoints, signers, clock, log }, { retentionRoundMilliseconds: 20 });
  retention.begin();
  return { store, warnings, notes: () => retention?.notes() };
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
  await expect.poll(notes, patiently).toEqual([]);
  expect(archivesIn(archiveDir)).toEqual(['audit-000000000001-000000000512.ndjson']);
  await expect.poll(() => store.auditArchives.unpruned(), patiently).toEqual([]);
});

it('archives nothing where nobody asked for it', async () => {
  mkdirSync(archiveDir);
  const { store, notes } = await begin(null);
  await retention?.stop();
  expect(notes()).toEqual([]);
  expect(await store.auditArchives.last()).toBeNull();
});
