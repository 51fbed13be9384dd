import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openAudit, type OpenedAudit } from '../../../src/compose/open-audit.js';
import { Closings, type Runtime } from '../../../src/compose/runtime.js';
import type { Config } from '../../../src/config/config.js';
import { archivesIn, now, recordEvents } from '../../helpers/retention.js';
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
  const config = {
    audit: { checkpointSeconds: 60, checkpointKeyFiles: null, archive },
    dataDir: directory.path,
    database: { kind: 'sqlite', file: '' },
  } as unknown as Config;
  const overrides = { retentionRoundMilliseconds: 20 };
  const runtime = { config, overrides, clock, owner: 'this', log, closings } as unknown as Runtime;
  const audit: OpenedAudit = await openAudit(runtime, store, { deliveriesOf: () => [] });
  await audit.checkpoints.open();
  warnings.length = 0;
  audit.beginRetention();
  return { store, warnings, notes: () => audit.notes() };
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
