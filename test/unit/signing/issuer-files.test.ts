// Tests src/signing/issuer-files.ts, src/start/open-clusters.ts
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { composeOn } from '../../helpers/composed-service.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
/** An empty data dir, where a start generates a CA of its own. */
function emptyDataDir(): ReturnType<typeof temporaryDirectory> {
  const made = temporaryDirectory();
  mkdirSync(join(made.path, 'data'), { mode: 0o700 });
  return made;
}
beforeEach(async () => {
  directory = emptyDataDir();
  await (await composeOn(directory.path)).close();
});
afterEach(() => directory.remove());

const authority = () => join(directory.path, 'data', 'ca');

it('goes on with the CA that it generated', async () => {
  await (await composeOn(directory.path)).close();
});

it('does not start with another CA in place of the one it was served with', async () => {
  const elsewhere = emptyDataDir();
  await (await composeOn(elsewhere.path)).close();
  rmSync(authority(), { recursive: true });
  renameSync(join(elsewhere.path, 'data', 'ca'), authority());
  elsewhere.remove();
  await expect(composeOn(directory.path)).rejects.toThrow(
    /^cluster "demo" was served with another CA \(SPKI SHA-256 [0-9a-f]{64}, now [0-9a-f]{64}\): put that CA back/,
  );
});

it('does not generate another CA where the one it was served with is lost, and says to restore it', async () => {
  rmSync(authority(), { recursive: true });
  await expect(composeOn(directory.path)).rejects.toThrow(
    /^the CA that cluster "demo" was served with \(SPKI SHA-256 [0-9a-f]{64}\) is gone from .*ca: restore that directory/,
  );
  expect(existsSync(authority())).toBe(false);
});
