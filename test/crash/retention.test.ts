// Tests src/log/archive-events.ts, src/log/archive-directory.ts
import { randomInt } from 'node:crypto';
import { copyFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/audit/hash-chain.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import { openSqliteStore } from '../../src/store/sqlite/open-sqlite-store.js';
import type { Store } from '../../src/store/store.js';
import { freshDatabase, prepareDatabases, type DatabaseSource } from '../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../helpers/postgresql/server.js';
import { archivesIn, recordEvents, retentionOn, verdictOnAll } from '../helpers/retention.js';
import { isDoneBeforeKill } from '../helpers/killed-child.js';
import { mountSmallDisk } from '../helpers/small-disk.js';
import { newCheckpointSigner } from '../helpers/checkpoint-signer.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { onPostgresql } from '../helpers/test-store.js';

const kills = Number(process.env['KUBEPASS_CRASH_ROUNDS'] ?? (onPostgresql ? 4 : 10));
const oldEvents = 6000;
const directory = temporaryDirectory();
const signer = newCheckpointSigner();

let server: PostgresqlServer | undefined;
let source: DatabaseSource | undefined;
let template = '';
beforeAll(async () => {
  if (onPostgresql) {
    server = await startPostgresql({ durable: true });
    source = await prepareDatabases(server);
  }
  template = await emptyDatabase('template');
  const store = await open(template);
  await recordEvents(store, oldEvents);
  await retentionOn(store, directory.path, { signer });
  await store.close();
});
afterAll(async () => {
  await server?.remove();
  directory.remove();
});

/** A file or a URL. */
async function emptyDatabase(name: string): Promise<string> {
  return source ? (await freshDatabase(source)).url : join(directory.path, `${name}.db`);
}

async function copyOfTemplate(name: string): Promise<string> {
  if (source) return (await freshDatabase({ ...source, template: new URL(template).pathname.slice(1) })).url;
  const file = join(directory.path, `${name}.db`);
  copyFileSync(template, file);
  return file;
}

const open = (database: string): Promise<Store> =>
  onPostgresql ? openPostgresqlStore({ url: database, readConnections: 3 }) : openSqliteStore({ file: database });

/** Archives in a process that is killed after some time. Answers whether it came to its end before. */
function isArchived(database: string, archiveDir: string, milliseconds: number): Promise<boolean> {
  const key = signer.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  return isDoneBeforeKill(new URL('./retention-child.ts', import.meta.url), [database, archiveDir, key], milliseconds);
}

it(`loses no event, and archives each once, after ${kills} times kill -9`, async () => {
  let killed = 0;
  let longest = 600;
  for (let count = 0; killed < kills; count++) {
    const database = await copyOfTemplate(String(count));
    const archiveDir = join(directory.path, `archives-${count}`);
    mkdirSync(archiveDir);
    for (;;) {
      const ended = await isArchived(database, archiveDir, randomInt(Math.ceil(longest)));
      const store = await open(database);
      const { checkpoints, key } = await retentionOn(store, archiveDir, { signer });
      await checkpoints.sign();
      const { seq } = await store.auditEvents.start();
      const { seq: end } = await store.auditEvents.head();
      expect(end).toBeGreaterThanOrEqual(oldEvents);
      expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true, archivedEvents: seq });
      // A file of which the log does not tell yet has events that the database has, too.
      const told = (name: string) => Number(name.slice(19, 31)) <= seq;
      expect(await verdictOnAll(archiveDir, store, await key(), told)).toMatchObject({
        ...{ exitCode: 0, fault: null, events: end },
      });
      await store.close();
      if (ended) break;
      killed++;
      longest *= 1.1;
    }
    // The rest does not fill a file, which would be made a day later.
    expect(archivesIn(archiveDir)).toHaveLength(5);
  }
});

describe.skipIf(onPostgresql)('a full disk', () => {
  // The disk of a test that is skipped would stay.
  if (onPostgresql) return;
  const disk = mountSmallDisk(8);
  if ('unavailable' in disk) {
    console.log(`a full disk is not tested: ${disk.unavailable}`);
    return;
  }
  afterAll(() => disk.remove());

  it('keeps every event in the database until its archive is whole', async () => {
    const store = await open(await copyOfTemplate('full'));
    const { archived, checkpoints, key } = await retentionOn(store, disk.path, { signer, eventsPerFile: 1024 });
    const ballast = join(disk.path, 'ballast');
    const refusals = new Set<string>();
    for (let free = 0; ; free += 64 * 1024) {
      disk.free();
      disk.fill();
      truncateSync(ballast, Math.max(0, statSync(ballast).size - free));
      const refusal = await archived.run().then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
      if (refusal === '') break;
      refusals.add(refusal.replace(/^audit-\S+/, 'an archive'));
      expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true });
    }
    expect([...refusals]).toEqual([expect.stringMatching(/^an archive cannot be written: ENOSPC/)]);
    disk.free();
    await checkpoints.sign();
    expect(archivesIn(disk.path)).toHaveLength(5);
    expect(await verdictOnAll(disk.path, store, await key())).toMatchObject({ exitCode: 0, fault: null });
    await store.close();
  });
});
