// Tests src/store/schema/migrations.ts, src/store/sqlite/open-sqlite-store.ts, src/backup/restore-database.ts
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { beforeEach, expect, it } from 'vitest';
import { callTo, Ledger } from '../../../crash/ledger.js';
import { type ServingProcess, useProcesses } from '../../../http/support/serving-process.js';
import { type NewerVersion, newerMigration, newerVersion } from '../../../helpers/newer-version.js';
import { runVerb } from '../../../helpers/run-program.js';

const { start, inDirectory } = useProcesses();

const file = () => inDirectory('data', 'kubepass.db');
const environment = () => ({
  KUBEPASS_DATA_DIR: inDirectory('data'),
  KUBEPASS_POLICIES_DIR: inDirectory('policies'),
});
const run = (verb: string, ...args: readonly string[]) => runVerb(verb, args, environment());

const thisVersion = {};

const sentence = new RegExp(
  `the database belongs to a newer version, this version serves it: it has migration ${newerMigration}, `,
);
const refusal =
  `the database belongs to a newer version of kubepass: it has migration ${newerMigration}, which this version does not ` +
  'know. Start the newer version again, or restore the backup from before the upgrade';

/** A table with a trigger of its own, an index, columns, and the view that shows one of them. */
const migration = () => {
  const views = new Database(file(), { readonly: true });
  const view = views.prepare(`SELECT "sql" FROM "sqlite_master" WHERE "name" = 'AuditEvent'`).pluck().get() as string;
  views.close();
  return `CREATE TABLE "More" ("id" TEXT NOT NULL PRIMARY KEY);
CREATE TRIGGER "More_keep" BEFORE DELETE ON "More" BEGIN SELECT RAISE(ABORT, 'it is kept'); END;
CREATE INDEX "RequestRecord_more_idx" ON "RequestRecord" ("collector", "n");
ALTER TABLE "Session" ADD COLUMN "more" TEXT;
ALTER TABLE "CertificateRecord" ADD COLUMN "more" INTEGER NOT NULL DEFAULT 7;
ALTER TABLE "CertificateRecord" ADD COLUMN "evenMore" TEXT;
ALTER TABLE "DirectoryUser" ADD COLUMN "more" TEXT;
DROP VIEW "AuditEvent";
${view.replace('SELECT', 'SELECT 7 AS "more", ')};
`;
};

const newer = (serves: boolean, sql = migration()): NewerVersion => {
  const directory = inDirectory('newer');
  mkdirSync(directory);
  return newerVersion(directory, 'sqlite', { sql, serves });
};

let ledger: Ledger;
beforeEach(() => {
  ledger = new Ledger();
});
/** Serves with a version, issues, and ends. */
async function servedBy(
  version: { readonly program?: string },
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const service: ServingProcess = start(version);
  const address = await service.address();
  const call = callTo(
    () => address,
    () => service.adminToken(),
  );
  await ledger.askWithCsr(call);
  await ledger.askForKubeconfig(call);
  await meanwhile();
  // On a busy machine an issuance takes longer than its caller waits.
  await ledger.untilRecovered(call, 120);
  await ledger.everythingHolds(call);
  service.child.kill('SIGTERM');
  expect(await service.ended).toEqual([0, null]);
  return service.output();
}
const warned = (output: string) =>
  output
    .split('\n')
    .filter((line) => line.includes('newer version'))
    .map((line) => JSON.parse(line) as { readonly level: string; readonly msg: string });
const contents = () => hash('sha256', readFileSync(file()), 'hex');

it('this version serves the database of a newer one that says so, warns, and gives it back', async () => {
  await servedBy(thisVersion);
  const next = newer(true);
  const said = await servedBy(next);
  expect(warned(said)).toEqual([]);

  const backup = inDirectory('backup.db');
  const output = await servedBy(thisVersion, async () => {
    const checked = await run('check-config');
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.stdout).toContain('database: belongs to a newer version, this version serves it\n');
    expect(checked.stderr).toMatch(new RegExp(`^warning: .*${sentence.source}`));
    const drilled = await run('upgrade drill');
    expect(drilled).toMatchObject({ code: 0, stderr: '' });
    expect(drilled.stdout).toMatch(sentence);
    expect(drilled.stdout).toContain('its audit log verifies');
    const made = await run('backup', backup);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(sentence);
  });
  expect(warned(output)).toEqual([
    expect.objectContaining({ level: 'warn', msg: expect.stringMatching(sentence) as string }),
  ]);

  const restored = await run('restore', backup, '--force');
  expect(restored).toMatchObject({ code: 0, stderr: '' });
  expect(restored.stdout).toMatch(sentence);
  const last = await servedBy(next);
  expect(warned(last)).toEqual([]);
});

it('this version refuses the database of a newer one that does not say so, and changes nothing in it', async () => {
  await servedBy(thisVersion);
  const next = newer(false);
  await servedBy(next);
  const made = await runVerb('backup', [inDirectory('backup.db')], environment(), next);
  expect(made).toMatchObject({ code: 0 });

  const before = contents();
  const refused = start();
  expect(await refused.ended).toEqual([1, null]);
  expect(refused.said('kubepass cannot serve')).toMatchObject({
    level: 'fatal',
    reason: expect.stringContaining(refusal) as string,
  });
  for (const [verb, ...args] of [
    ['check-config'],
    ['upgrade drill'],
    ['backup', inDirectory('other.db')],
    ['restore', '--check'],
    ['restore', inDirectory('backup.db'), '--force'],
    ['restore', '--mark'],
  ] as const)
    expect(await run(verb, ...args), [verb, ...args].join(' ')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(refusal) as string,
    });
  expect(contents()).toBe(before);
  await servedBy(next);
});

it.each<[string, string]>([
  [
    'has the trigger quiet, which no migration makes',
    `CREATE TRIGGER "quiet" AFTER INSERT ON "AuditRecord" BEGIN INSERT INTO "More" VALUES (NEW."lastSeq"); END;`,
  ],
  [
    'has a trigger AuditTile_no_update that was changed',
    `DROP TRIGGER "AuditTile_no_update"; CREATE TRIGGER "AuditTile_no_update" BEFORE UPDATE ON "AuditTile" BEGIN SELECT 1; END;`,
  ],
  [
    'has a table Issuer that was changed',
    `PRAGMA writable_schema = ON; UPDATE "sqlite_master" SET "sql" = replace("sql", 'NOT NULL', '') WHERE "name" = 'Issuer';`,
  ],
  ['lacks the trigger AuditRecord_no_delete', `DROP TRIGGER "AuditRecord_no_delete";`],
])('a newer schema that %s is none that this version vouches for', async (why, sql) => {
  await servedBy(thisVersion);
  const next = newer(true, `CREATE TABLE "More" ("id" TEXT);\n`);
  await servedBy(next);
  const made = await run('backup', inDirectory('sound.db'));
  expect(made).toMatchObject({ code: 0 });
  const database = new Database(file());
  database.unsafeMode();
  database.exec(sql);
  database.close();
  const doubt = why.startsWith('lacks')
    ? why
    : `${why}; only the newer version, which knows migration ${newerMigration}, can tell whether it is sound`;
  for (const [verb, ...args] of [
    ['backup', inDirectory('other.db')],
    ['restore', '--check'],
    ['restore', '--mark'],
  ] as const)
    expect(await run(verb, ...args), verb).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(doubt) as string,
    });
});
