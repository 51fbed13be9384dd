// Tests src/store/schema/migrations.ts, src/store/postgresql/migrate-postgresql.ts, prisma/, src/programs/migrate.ts
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { Prisma } from '../../src/store/generated/postgresql/client.js';
import { callTo, Ledger, load, type Call } from '../crash/ledger.js';
import { type ServingProcess, useProcesses } from '../http/support/serving-process.js';
import { newerMigration, newerVersion } from '../helpers/newer-version.js';
import { freshDatabase, query, serviceRole, type TestDatabase } from '../helpers/postgresql/databases.js';
import { runVerb } from '../helpers/run-program.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';

const { start, inDirectory } = useProcesses();
const clients = 6;

let database: TestDatabase;
let environment: Readonly<Record<string, string>>;
beforeEach(async () => {
  database = await freshDatabase(inject('databases'));
  environment = {
    ...(await postgresqlEnvironment(inDirectory('data'), database.url)),
    KUBEPASS_DATA_DIR: inDirectory('data'),
    KUBEPASS_POLICIES_DIR: inDirectory('policies'),
    KUBEPASS_PORT: '0',
    // The load comes from one principal.
    KUBEPASS_BUDGETS: 'off',
  };
});
afterEach(() => database.drop());

/** All tables that this version knows get a column that may be left out, and one with a default. */
const everyTableGrows = Object.keys(Prisma.ModelName)
  .map(
    (table) => `ALTER TABLE "${table}" ADD COLUMN "moreText" TEXT, ADD COLUMN "moreCount" INTEGER NOT NULL DEFAULT 7;`,
  )
  .join('\n');

const migration = `CREATE TABLE "More" ("id" TEXT NOT NULL PRIMARY KEY, "at" TIMESTAMP(3) NOT NULL DEFAULT now());
CREATE FUNCTION "More_keep"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'it is kept'; END $$;
CREATE TRIGGER "More_keep" BEFORE DELETE ON "More" FOR EACH ROW EXECUTE FUNCTION "More_keep"();
CREATE INDEX "RequestRecord_more_idx" ON "RequestRecord" ("collector", "n");
${everyTableGrows}`;

const rowsOf = (sql: string) =>
  query(database.ownerUrl, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);

/** Runs `migrate --grant-to` of a version, as the owner of the tables. */
const migrate = (version: { readonly program?: string } = {}) =>
  runVerb('migrate', ['--grant-to', serviceRole], { ...environment, DATABASE_URL: database.ownerUrl }, version);

const served = async (version: { readonly program?: string } = {}): Promise<ServingProcess> => {
  const service = start({ environment, ...version });
  await expect.poll(() => service.said('kubepass serves'), { timeout: 240_000 }).toBeDefined();
  return service;
};
const stop = async (service: ServingProcess) => {
  service.child.kill('SIGTERM');
  expect(await service.ended).toEqual([0, null]);
};

const sentence = new RegExp(
  `the database belongs to a newer version, this version serves it: it has migration ${newerMigration}, `,
);
const refusal =
  `the database belongs to a newer version of kubepass: it has migration ${newerMigration}, which this version does not ` +
  'know. Start the newer version again, or restore the backup from before the upgrade';
const warnings = (service: ServingProcess) =>
  service
    .output()
    .split('\n')
    .filter((line) => line.includes('newer version'))
    .map((line) => JSON.parse(line) as { readonly level: string; readonly msg: string });

const checkConfig = () => runVerb('check-config', [], environment);

/** Load on some services: certificates are issued and everything is read, until it is stopped. */
class Load {
  readonly ledger = new Ledger();
  readonly broken: unknown[] = [];
  reads = 0;
  #running = true;
  readonly #done: Promise<unknown>;

  constructor(
    readonly calls: readonly Call[],
    readonly directory: readonly Call[],
  ) {
    // The ledger forgives a connection that breaks. Here none may.
    const watched = calls.map(
      (call): Call =>
        (...asked) =>
          call(...asked).catch((error: unknown) => {
            this.broken.push(error);
            throw error;
          }),
    );
    const each = Array.from({ length: clients }, (_, i) => watched[i % watched.length]!);
    const isRunning = () => this.#running;
    this.#done = Promise.all([
      load(this.ledger, each, isRunning),
      ...calls.map((call, i) => this.#readAndBlock(call, directory[i]!)),
    ]);
  }

  /** Reads each list, and writes to the tables which issuing does not touch. */
  async #readAndBlock(call: Call, scim: Call): Promise<void> {
    for (let round = 0; this.#running; round += 1) {
      const name = `user-${randomUUID()}`;
      const expectStatus = async (status: number, ask: Promise<{ status: number; text: string }>) => {
        const answer = await ask;
        expect(answer.status, answer.text).toBe(status);
        this.reads += 1;
        return JSON.parse(answer.text || 'null') as { readonly id?: string };
      };
      for (const path of lists) await expectStatus(200, call('GET', path));
      const reason = JSON.stringify({ reason: 'cessationOfOperation' });
      await expectStatus(200, call('POST', `/v1/identities/${name}/block`, reason));
      await expectStatus(200, call('GET', `/v1/identities/${name}`));
      await expectStatus(200, call('POST', `/v1/identities/${name}/unblock`, '{}'));
      const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: name, active: true };
      const { id = '' } = await expectStatus(201, scim('POST', '/scim/v2/Users', JSON.stringify(user)));
      const group = {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: name,
        members: [{ value: id }],
      };
      const made = await expectStatus(201, scim('POST', '/scim/v2/Groups', JSON.stringify(group)));
      for (const path of [
        `/scim/v2/Users/${id}`,
        `/scim/v2/Groups/${made.id ?? ''}`,
        '/scim/v2/Users?count=5',
        '/scim/v2/Groups?count=5',
        `/scim/v2/Users?filter=${encodeURIComponent(`userName eq "${name}"`)}`,
        `/scim/v2/Groups?filter=${encodeURIComponent(`displayName eq "${name}"`)}`,
      ])
        await expectStatus(200, scim('GET', path));
      await expectStatus(200, call('GET', `/v1/directory-users/${id}`));
      expect((await scim('DELETE', `/scim/v2/Users/${id}`)).status).toBe(204);
    }
  }

  /** Waits until as many certificates more were issued, and each list was read again. */
  async goesOn(): Promise<void> {
    const [issued, read] = [this.ledger.fingerprints.size, this.reads];
    const more = () => this.ledger.fingerprints.size > issued + 20 && this.reads > read + 2 * lists.length;
    await Promise.race([expect.poll(more, { timeout: 120_000 }).toBe(true), this.#done]);
    expect(more()).toBe(true);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    expect(this.broken).toEqual([]);
  }
}

const lists = [
  '/v1/certificates?limit=5',
  '/v1/certificate-requests?limit=5',
  '/v1/audit-events?limit=5',
  '/v1/timeline?limit=5',
  '/v1/identities?limit=5',
  '/v1/directory-users?limit=5',
  '/v1/directory-users?limit=5&deleted=true',
  '/v1/sessions?limit=5',
  '/v1/api-tokens?limit=5',
  '/v1/clusters/demo/issuers',
  '/v1/audit-events/checkpoint',
  '/v1/webhook-deliveries?limit=5',
];

/** Begins the load on two replicas of this version. */
async function underLoad(services: readonly ServingProcess[]): Promise<Load> {
  const addresses = await Promise.all(services.map((service) => service.address()));
  const admin = readFileSync(inDirectory('data', 'admin-token'), 'utf8').trim();
  const calls = addresses.map((address) =>
    callTo(
      () => address,
      () => admin,
    ),
  );
  const made = await calls[0]!('POST', '/v1/api-tokens', JSON.stringify({ name: 'connector', roles: ['directory'] }));
  const { token, secret = token } = JSON.parse(made.text) as { token?: string; secret?: string };
  await expect.poll(async () => (await calls[0]!('GET', '/v1/audit-events/checkpoint')).status).toBe(200);
  const scim = addresses.map((address) =>
    callTo(
      () => address,
      () => secret ?? '',
    ),
  );
  return new Load(calls, scim);
}

const newer = (serves: boolean) => {
  const directory = inDirectory('newer');
  mkdirSync(directory);
  return newerVersion(directory, 'postgresql', { sql: migration, serves });
};

const appliedOf = () => rowsOf('SELECT * FROM "_prisma_migrations" ORDER BY "migration_name"');
const rightOnMore = `SELECT has_table_privilege('${serviceRole}', '"More"', 'INSERT') AS "insert"`;

it('goes on without a failed request while a newer version migrates under load, comes back, and serves beside it', async () => {
  const [one, two] = [await served(), await served()];
  const running = await underLoad([one, two]);
  await running.goesOn();

  const next = newer(true);
  const migrated = await migrate(next);
  expect(migrated).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`applied: ${newerMigration}\n`) as string,
  });
  await running.goesOn();

  // The newer version serves beside them, as in the middle of a rollout.
  const after = await served(next);
  expect(warnings(after)).toEqual([]);
  const applied = await appliedOf();
  await running.goesOn();
  await running.stop();
  await running.ledger.everythingHolds(running.calls[0]!);
  console.log(
    `${String(running.ledger.fingerprints.size)} certificates were issued and ${String(running.reads)} calls answered while a newer version migrated`,
  );

  // One that restarts comes back, and warns once.
  await stop(one);
  const again = await served();
  expect(warnings(again)).toEqual([
    expect.objectContaining({ level: 'warn', msg: expect.stringMatching(sentence) as string }),
  ]);
  const reloaded = await underLoad([again, after]);
  await reloaded.goesOn();
  await reloaded.stop();

  // The init container of a rolled-back release passes, and takes no right from the newer replicas.
  const back = await migrate();
  expect(back).toMatchObject({ code: 0, stderr: '' });
  expect(back.stdout).toMatch(new RegExp(`^${sentence.source}.*\\. No right was changed\n$`));
  expect(await rowsOf(rightOnMore)).toEqual([{ insert: true }]);
  expect(await appliedOf()).toEqual(applied);

  const checked = await checkConfig();
  expect(checked).toMatchObject({ code: 0 });
  expect(checked.stdout).toContain('database: belongs to a newer version, this version serves it\n');
  expect(checked.stderr).toMatch(new RegExp(`warning: .*${sentence.source}`));
  const restored = await runVerb('restore', ['--check'], environment);
  expect(restored).toMatchObject({ code: 0 });
  expect(restored.stdout).toMatch(sentence);

  for (const service of [again, two, after]) await stop(service);
  const last = await served(next);
  expect(warnings(last)).toEqual([]);
  await stop(last);
});

it('goes on where the newer schema is not for it, is refused when it restarts, and leaves the newer version alone', async () => {
  const [one, two] = [await served(), await served()];
  const running = await underLoad([one, two]);
  await running.goesOn();
  const next = newer(false);
  expect(await migrate(next)).toMatchObject({ code: 0 });
  await running.goesOn();
  await running.stop();
  await stop(one);

  const refused = start({ environment });
  expect(await refused.ended).toEqual([1, null]);
  expect(refused.said('kubepass cannot serve')).toMatchObject({
    level: 'fatal',
    reason: expect.stringContaining(refusal) as string,
  });
  const applied = await appliedOf();
  expect(await migrate()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(refusal) as string,
  });
  expect(await rowsOf(rightOnMore)).toEqual([{ insert: true }]);
  expect(await appliedOf()).toEqual(applied);
  expect(await checkConfig()).toMatchObject({ code: 1, stderr: expect.stringContaining(refusal) as string });
  await stop(two);

  const after = await served(next);
  const reloaded = await underLoad([after]);
  await reloaded.goesOn();
  await reloaded.stop();
  await stop(after);
});
