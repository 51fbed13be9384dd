// Tests src/backup/revocations-beside-database.ts, src/backup/revocations-file.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startChild, type ChildService } from './child-service.js';
import type { CrashPoint } from './crash-points.js';
import { callTo } from './ledger.js';

// Beside PostgreSQL there is no list.
const directory = temporaryDirectory();
const policiesDir = join(directory.path, 'policies');
const dataDir = join(directory.path, 'data');
let child: ChildService | undefined;
beforeAll(() => {
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
});
afterAll(async () => {
  await child?.kill();
  directory.remove();
});

const call = callTo(
  () => child?.address ?? '',
  () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim(),
);
const started = async (at?: CrashPoint) => {
  await child?.kill();
  child = await startChild(dataDir, policiesDir, at && { at, on: 1 });
};
const bodyOf = async (path: string) => JSON.parse((await call('GET', path)).text) as Record<string, unknown>;
const list = () => readFileSync(join(dataDir, 'kubepass.db.revoked.ndjson'), 'utf8');
const block = () => call('POST', '/v1/identities/jane/block', '{"reason":"keyCompromise"}');
const unblock = () => call('POST', '/v1/identities/jane/unblock', '{}');

/** The service dies in the call, before it is answered, and starts again. */
async function dyingIn(at: CrashPoint, ask: () => Promise<unknown>): Promise<void> {
  await started(at);
  const before = list();
  await expect(ask()).rejects.toThrow();
  await child?.gone;
  expect(list()).toBe(before);
  await started();
  // It is the same database, not an older one.
  expect(await bodyOf('/v1/restored')).toMatchObject({ restored: false, restorations: [] });
}

it('kill -9 between a commit and its line in the list loses no block, brings none back, and is no restore', async () => {
  await dyingIn('after a block is committed, before it is in the list', block);
  expect(await bodyOf('/v1/identities/jane')).toMatchObject({ blocked: { reason: 'keyCompromise' } });
  expect(list()).toContain('"folded":"jane"');

  await dyingIn('after the end of a block is committed, before it is in the list', unblock);
  // Nothing is known of the name but its block.
  expect((await call('GET', '/v1/identities/jane')).status).toBe(404);
  expect(list()).not.toContain('jane');

  const made = await call('POST', '/v1/api-tokens', '{"name":"portal","roles":["requester"]}');
  const { id } = JSON.parse(made.text) as { readonly id: string };
  await dyingIn('after the end of a token is committed, before it is in the list', () =>
    call('DELETE', `/v1/api-tokens/${id}`),
  );
  expect(list()).toContain(id);
});
