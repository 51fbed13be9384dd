// Tests src/backup/checkpoint-beside-database.ts
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkpointText, type SignedCheckpoint } from '../../../src/audit/checkpoint.js';
import { signNote } from '../../../src/audit/signed-note.js';
import { checkpointIn, KeptCheckpoint } from '../../../src/backup/checkpoint-beside-database.js';
import { followedWriter } from '../../../src/store/writer/followed-writer.js';
import type { Step, Writer } from '../../../src/store/steps/step.js';
import { insertCheckpoint } from '../../../src/store/tables/checkpoint-tables.js';
import { newCheckpointSigner } from '../../helpers/checkpoint-signer.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
const signer = newCheckpointSigner();

function checkpointOf(size: number, name = 'kubepass/one'): SignedCheckpoint {
  const root = Buffer.alloc(32, size);
  const note = signNote(checkpointText({ origin: name, size, root }), [{ ...signer, name }]);
  return { size, root, note, signedAt: new Date() };
}

const stepOf = (checkpoint: SignedCheckpoint): Step => ({
  operations: [insertCheckpoint({ checkpoint, lastHash: '' })],
  events: [],
});

it('never goes back to a smaller size of the same log, in whatever order commits come', async () => {
  const path = join(directory.path, 'kept');
  const keptSize = () => checkpointIn(readFileSync(path, 'utf8'))?.size;
  const committed: unknown[] = [];
  const writer: Writer = {
    commit: (step) => {
      committed.push(step);
      return Promise.resolve({ committed: true });
    },
  };
  const keeping = followedWriter(writer, [new KeptCheckpoint(path).follower]);
  await Promise.all([7, 5, 9, 8, 6].map((size) => keeping.commit(stepOf(checkpointOf(size)))));
  expect(keptSize()).toBe(9);
  // Also in a process that was started again.
  const again = followedWriter(writer, [new KeptCheckpoint(path).follower]);
  await again.commit(stepOf(checkpointOf(4)));
  expect(keptSize()).toBe(9);
  await again.commit(stepOf(checkpointOf(10)));
  expect(keptSize()).toBe(10);
  expect(committed).toHaveLength(7);
  // The size of another log says nothing about this one.
  await again.commit(stepOf(checkpointOf(3, 'kubepass/other')));
  expect(keptSize()).toBe(3);
});
