// Tests src/programs/upgrade-drill.ts, src/backup/upgrade-drill.ts
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { afterAll, expect, it } from 'vitest';
import { fromSources, kubepass } from '../../helpers/from-sources.js';
import { refused, states } from '../../fixtures/databases/states.js';
import { oldEnvironment, madeDatabase, placeOldSqlite } from '../../helpers/old-databases.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const [first] = states;
if (first === undefined) throw new Error('there is no database of an older version');

/** Runs the drill as an operator does, and answers what it says and its exit code. */
const drill = (dataDir: string, environment: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(process.execPath, [...fromSources, kubepass, 'upgrade', 'drill', '--data-dir', dataDir], {
    env: { ...process.env, ...oldEnvironment, ...environment },
  }).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: unknown) => {
      const { code, stderr } = error as { readonly code: number; readonly stderr: string };
      return { code, text: stderr };
    },
  );

it('upgrades a copy of an old database, while that is in use, and does not touch it', async () => {
  const dataDir = join(directory.path, 'in-use');
  const file = placeOldSqlite(first, dataDir);
  const { requests, certificates } = madeDatabase(first, 'sqlite');
  const user = new Database(file);
  user.prepare('SELECT COUNT(*) FROM "RequestRecord"').get();
  const before = hash('sha256', readFileSync(file), 'hex');
  const { code, text } = await drill(dataDir);
  expect(text).toMatch(
    new RegExp(
      `^the copy was migrated in [\\d.]+ s and has ${String(requests.length)} requests, ${String(certificates.length)} certificates, 0 revocations and \\d+ events; its audit log verifies\n$`,
    ),
  );
  expect(code).toBe(0);
  user.close();
  expect(hash('sha256', readFileSync(file), 'hex')).toBe(before);
  expect(readdirSync(dataDir)).toEqual(['kubepass.db']);
});

it('refuses a database of 0.1.0, and does not touch it', async () => {
  const dataDir = join(directory.path, 'of-0.1.0');
  const file = placeOldSqlite(refused.sqlite, dataDir);
  const before = hash('sha256', readFileSync(file), 'hex');
  expect(await drill(dataDir)).toEqual({
    code: 1,
    text:
      'the upgrade would not work: the database is of kubepass 0.1.0, and this version upgrades from 0.2.0 on. Nothing was ' +
      'changed: install 0.2.0, start it once with this database, then start this version\n',
  });
  expect(hash('sha256', readFileSync(file), 'hex')).toBe(before);
  expect(readdirSync(dataDir)).toEqual(['kubepass.db']);
});

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
});

it('finds the database elsewhere, and acts on nothing that the configuration names', async () => {
  let calls = 0;
  const everything = createServer((_, response) => {
    calls += 1;
    response.end();
  });
  everything.listen(0, '127.0.0.1');
  await once(everything, 'listening');
  const { port } = everything.address() as AddressInfo;
  const home = join(directory.path, 'configured');
  const file = placeOldSqlite(first, join(home, 'elsewhere'));
  mkdirSync(join(home, 'archive'));
  mkdirSync(join(home, 'data'));
  writeFileSync(join(home, 'hook.secret'), `whsec_${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  writeFileSync(
    join(home, 'kubepass.yaml'),
    `databaseUrl: file:${file}
metrics: { port: ${String(port)} }
tls: { certFile: nowhere.crt, keyFile: nowhere.key }
audit: { archiveAfterDays: 1, archiveDir: archive }
webhooks:
  - { name: hook, url: 'http://127.0.0.1:${String(port)}/', secretFile: hook.secret, events: [pending, issued, denied] }
clusters:
  - name: demo
    server: https://127.0.0.1:${String(port)}
    servingCertificateAuthority: nowhere.crt
    signer: { localCA: { certFile: nowhere.crt, keyFile: nowhere.key } }
`,
  );
  const ran = await drill(join(home, 'data'), { KUBEPASS_CONFIG: join(home, 'kubepass.yaml') });
  everything.close();
  expect(ran).toMatchObject({ code: 0 });
  expect(calls).toBe(0);
  expect([...readdirSync(join(home, 'archive')), ...readdirSync(join(home, 'data'))]).toEqual([]);
});

it('does not mind what is committed to the original meanwhile', async () => {
  const dataDir = join(directory.path, 'busy');
  const user = new Database(placeOldSqlite(first, dataDir));
  user.pragma('journal_mode = WAL');
  user.pragma('foreign_keys = OFF');
  user.exec('CREATE TEMP TABLE "one" AS SELECT * FROM "RequestRecord" LIMIT 1');
  const commit = user.transaction(() => {
    user.exec('UPDATE "one" SET "id" = randomblob(16), "n" = (SELECT MAX("n") + 1 FROM "RequestRecord")');
    user.exec('INSERT INTO "RequestRecord" SELECT * FROM "one"');
  });
  const timer = setInterval(commit, 5);
  const ran = await drill(dataDir);
  clearInterval(timer);
  user.close();
  expect(ran, ran.text).toMatchObject({ code: 0 });
});
