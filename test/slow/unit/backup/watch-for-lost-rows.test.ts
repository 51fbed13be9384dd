// Tests src/backup/watch-for-lost-rows.ts, src/backup/checkpoint-beside-database.ts
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkpointText } from '../../../../src/audit/checkpoint.js';
import { signNote } from '../../../../src/audit/signed-note.js';
import { KeptCheckpoint } from '../../../../src/backup/checkpoint-beside-database.js';
import { newCheckpointSigner } from '../../../helpers/checkpoint-signer.js';
import { composeOn } from '../../../helpers/composed-service.js';
import { admin } from '../../../helpers/principals.js';
import { postgresqlEnvironment } from '../../../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { anEvent } from '../../../unit/store/records.js';

it('a running service signs nothing that the kept checkpoint contradicts, and says that the log is another one', async () => {
  const directory = temporaryDirectory();
  const settings = 'audit: { checkpointSeconds: 1 }\n';
  const { KUBEPASS_CONFIG = '' } = await postgresqlEnvironment(join(directory.path, 'data'), '', settings);
  const service = await composeOn(directory.path, { KUBEPASS_CONFIG });
  onTestFinished(async () => {
    await service.close();
    directory.remove();
  });
  await service.begin();
  const { store, context } = service;
  await expect.poll(async () => (await store.checkpoints.last())?.size ?? 0).toBeGreaterThan(0);
  const before = (await store.checkpoints.last())?.size ?? 0;
  const name = `kubepass/${(await store.checkpoints.instanceId()) ?? ''}`;
  const size = before + 8;
  const note = signNote(checkpointText({ origin: name, size, root: Buffer.alloc(32, 7) }), [
    { ...newCheckpointSigner(), name },
  ]);
  await new KeptCheckpoint(join(directory.path, 'data', 'kubepass.db.checkpoint')).keep(note);
  const record = () => store.writer.commit({ operations: [], events: [anEvent()] });
  await record();
  await expect.poll(() => context.health.restored()).toMatchObject({ restored: true });
  expect(await context.restored.read(admin)).toMatchObject({
    value: { restorations: [{ detectedBy: 'checkpoint', signedEvents: size }] },
  });
  expect((await store.checkpoints.last())?.size).toBe(before);
  while ((await store.auditEvents.head()).seq <= size) await record();
  await expect.poll(async () => (await store.checkpoints.last())?.size ?? 0).toBeGreaterThan(size);
});
