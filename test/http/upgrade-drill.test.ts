import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { oldEnvironment, madeDatabase, placeOldSqlite, statesOf } from '../helpers/old-databases.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const [first] = statesOf('sqlite');
if (first === undefined) throw new Error('there is no database of 0.1.0');

/** Runs the drill as an operator does, and answers what it says and its exit code. */
const drill = (dataDir: string) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/upgrade-drill.ts', '--data-dir', dataDir], {
    env: { ...process.env, ...oldEnvironment },
  }).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: unknown) => {
      const { code, stderr } = error as { readonly code: number; readonly stderr: string };
      return { code, text: stderr };
    },
  );

it('upgrades a copy of a database of 0.1.0, while that is in use, and does not touch it', async () => {
  const dataDir = join(directory.path, 'in-use');
  const file = placeOldSqlite(first, dataDir);
  const { requests, certificates } = madeDatabase(first, 'sqlite');
  const user = new Database(file);
  user.prepare('SELECT COUNT(*) FROM "CertificateRequest"').get();
  const before = hash('sha256', readFileSync(file), 'hex');
  const { code, text } = await drill(dataDir);
  expect(text).toMatch(
    new RegExp(
      `^the copy was migrated in [\\d.]+ s and serves ${String(requests.length)} requests and ${String(certificates.length)} certificates; its \\d+ events verify\n$`,
    ),
  );
  expect(code).toBe(0);
  user.close();
  expect(hash('sha256', readFileSync(file), 'hex')).toBe(before);
  expect(readdirSync(dataDir)).toEqual(['kubepass.db']);
}, 60_000);

it('says why an upgrade would not work', async () => {
  const dataDir = join(directory.path, 'damaged');
  const database = new Database(placeOldSqlite(first, dataDir));
  database.exec(`UPDATE "_prisma_migrations" SET "checksum" = 'another'`);
  database.close();
  expect(await drill(dataDir)).toEqual({
    code: 1,
    text: 'the upgrade would not work: migration 20261125000000_init was edited after it was applied\n',
  });
  expect(await drill(join(directory.path, 'nowhere'))).toMatchObject({ code: 1 });
}, 60_000);
