// Tests src/store/sqlite/process-lock.ts
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { composeOn } from '../../helpers/composed-service.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const [first, second] = [temporaryDirectory(), temporaryDirectory()];
// It has no CA of its own.
mkdirSync(join(second.path, 'data'), { mode: 0o700 });
afterAll(() => {
  first.remove();
  second.remove();
});

it('does not serve a database that is served from another data dir, until that one has stopped', async () => {
  const file = join(first.path, 'data', 'kubepass.db');
  const onTheSame = () => composeOn(second.path, { DATABASE_URL: `file:${file}` });
  const service = await composeOn(first.path);
  await expect(onTheSame()).rejects.toThrow(`${file} is served by another process (pid ${String(process.pid)} `);
  await service.close();
  // Its own lock is gone; what still speaks against it is that the first data dir has the CA.
  await expect(onTheSame()).rejects.toThrow('the CA that cluster "demo" was served with');
});
