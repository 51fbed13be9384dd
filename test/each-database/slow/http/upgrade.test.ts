// Tests src/store/schema/migrations.ts, src/store/sqlite/migrate-sqlite.ts, src/store/postgresql/migrate-postgresql.ts,
// src/backup/open-store.ts
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../../../src/start/app.js';
import { migrateDatabase } from '../../../../src/backup/open-store.js';
import { loadConfig } from '../../../../src/config/config.js';
import { readEnvironment } from '../../../../src/config/env.js';
import { createLogger } from '../../../../src/observability/logger.js';
import { migratePostgresql } from '../../../../src/store/postgresql/migrate-postgresql.js';
import { readMigrations, shippedMigrations } from '../../../../src/store/schema/migrations.js';
import { migrateSqlite } from '../../../../src/store/sqlite/migrate-sqlite.js';
import { states, type State } from '../../../fixtures/databases/states.js';
import { compose } from '../../../../src/start/compose.js';
import { madeDatabase, oldEnvironment, placeOldPostgresql, placeOldSqlite } from '../../../helpers/old-databases.js';
import { copyMigrations } from '../../../helpers/older-database.js';
import { query, serviceRole, type TestDatabase } from '../../../helpers/postgresql/databases.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { onPostgresql } from '../../../helpers/test-store.js';

const kind = onPostgresql ? 'postgresql' : 'sqlite';
const directory = temporaryDirectory();
afterAll(() => directory.remove());

/** Undoes what a test began, the last thing first. */
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Places the database of a state, and answers the environment of a service that has it. */
async function place(
  state: State,
): Promise<{ environment: Record<string, string>; database: string; dropped: TestDatabase | null }> {
  const dataDir = join(directory.path, `${state.name}-${String(Math.random()).slice(2)}`);
  const environment: Record<string, string> = { ...oldEnvironment, KUBEPASS_DATA_DIR: dataDir };
  if (!onPostgresql) return { environment, database: placeOldSqlite(state, dataDir), dropped: null };
  const placed = await placeOldPostgresql(state);
  undo.push(() => placed.drop());
  return { environment, database: placed.ownerUrl, dropped: placed };
}

/** Upgrades as `docs/operations.md` says, starts the service on the database, and answers how to call it. */
async function upgraded(state: State) {
  const { environment, dropped } = await place(state);
  // On PostgreSQL the owner of the tables migrates, and the service runs as somebody who owns none of them.
  if (dropped) {
    const asOwner = loadConfig(readEnvironment({ ...environment, DATABASE_URL: dropped.ownerUrl }));
    await migrateDatabase(asOwner, serviceRole);
    environment['DATABASE_URL'] = dropped.url;
  }
  const made = madeDatabase(state, kind);
  const offset = new Date(made.at).getTime() + 600_000 - Date.now();
  const clock = () => new Date(Date.now() + offset);
  const logger = createLogger({ level: 'fatal' }, { write: () => undefined });
  const config = loadConfig(readEnvironment(environment));
  const service = await compose(config, logger, { clock, writerThread: false, cryptoThread: false });
  const app = buildApp(service.context, { logger });
  undo.push(async () => {
    await app.close();
    await service.close();
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  await service.begin();
  const call = (token: string, method: 'get' | 'post', path: string, body?: object) => {
    const asked = request(address)[method](path).set('authorization', `Bearer ${token}`);
    return body === undefined ? asked : asked.send(body);
  };
  return { made, call, store: service.store };
}

interface Listed {
  readonly items: readonly Record<string, unknown>[];
}

describe.each(states)('a database of $name', (state) => {
  it('is migrated, and serves all that it had', async () => {
    const { made, call, store } = await upgraded(state);
    const { admin, hr, bob, audrey } = made.tokens;
    // A restore compares every database with the schema of a new one.
    expect(await store.whyNotSchema()).toBeNull();
    expect((await call(admin, 'get', '/readyz')).status).toBe(200);

    // Lists and details are as the code of that time answered them.
    const requests = ((await call(admin, 'get', '/v1/certificate-requests?limit=100')).body as Listed).items;
    expect(requests).toMatchObject(made.requests);
    const certificates = ((await call(admin, 'get', '/v1/certificates?limit=100')).body as Listed).items;
    expect(certificates).toMatchObject(made.certificates);
    for (const { id, state: found } of made.requests) {
      const details = await call(audrey, 'get', `/v1/certificate-requests/${String(id)}`);
      expect(details.status).toBe(200);
      expect(details.body).toMatchObject({
        id,
        state: found,
        timeline: expect.arrayContaining([expect.anything()]) as unknown,
      });
      expect((details.body as { decision: { trace: unknown } }).decision.trace).not.toBeNull();
    }
    for (const { fingerprintSha256 } of made.certificates) {
      const der = await call(admin, 'get', `/v1/certificates/${String(fingerprintSha256)}`)
        .set('accept', 'application/pkix-cert')
        .responseType('blob');
      expect(hash('sha256', der.body as Buffer, 'hex')).toBe(fingerprintSha256);
    }

    // The CA that was pinned is the active issuer since then, and serves what the inventory has.
    const events = { limit: 100, cursor: null };
    const pinned = await store.auditEvents.list({ type: 'CertificateAuthorityPinned', cluster: 'demo' }, events);
    const fingerprints = new Set(certificates.map((one) => one['issuerFingerprintSha256']));
    expect(await store.issuers.ofCluster('demo')).toMatchObject([
      { state: 'active', since: pinned.items[0]?.at, fingerprints: [...fingerprints], probe: null },
    ]);
    const now = new Date(new Date(made.at).getTime() + 600_000);
    const live = certificates.filter(
      (one) => one['cluster'] === 'demo' && one['status'] !== 'revoked' && new Date(String(one['notAfter'])) > now,
    );
    const ends = live.map((one) => new Date(String(one['notAfter'])).getTime());
    expect(await store.issuers.served('demo', [...fingerprints] as string[], now)).toEqual({
      live: live.length,
      latestNotAfter: new Date(Math.max(...ends)),
    });

    // The audit log is the same chain, and goes on.
    const verification = await call(audrey, 'get', '/v1/audit-events/verification');
    expect(verification.body).toMatchObject({ valid: true, firstInvalidSeq: null });
    expect((verification.body as { events: number }).events).toBeGreaterThan(made.audit.events);
    const exported = await call(audrey, 'get', '/v1/audit-events')
      .set('accept', 'application/x-ndjson')
      .responseType('blob');
    const lines = (exported.body as Buffer).toString('utf8').trimEnd().split('\n');
    let head = '0'.repeat(64);
    for (const line of lines.slice(0, made.audit.events)) head = hash('sha256', head + line, 'hex');
    expect(head).toBe(made.audit.head);

    // And the work goes on.
    const repeated = await call(hr, 'post', '/v1/certificate-requests', { csr: made.idempotent.csr }).set(
      'idempotency-key',
      'onboarding-1',
    );
    expect([repeated.status, repeated.headers['location']]).toEqual([201, made.idempotent.location]);
    expect((await call(bob, 'post', `${made.pending}/approve`)).status).toBe(200);
    expect((await call(hr, 'post', `${made.pending}/kubeconfig`)).status).toBe(200);
    const [valid] = certificates.filter((one) => one['status'] === 'valid' && one['username'] === 'jane');
    const revoked = await call(admin, 'post', `/v1/certificates/${String(valid?.['fingerprintSha256'])}/revoke`, {
      reason: 'keyCompromise',
    });
    expect(revoked.body).toMatchObject({ status: 'revoked' });
    const list = await call(admin, 'get', '/v1/clusters/demo/crl').responseType('blob');
    expect((list.body as Buffer).toString('hex')).toContain(String(valid?.['serialNumber']));
    expect((await call(hr, 'post', '/v1/kubeconfigs', { username: 'new', groups: ['team-a'] })).status).toBe(201);
    if (made.features.includes('revocation'))
      expect(certificates.filter((one) => one['username'] === 'leaver')).toMatchObject([{ status: 'revoked' }]);
    if (made.features.includes('block'))
      expect((await call(hr, 'post', '/v1/kubeconfigs', { username: 'Mallory', groups: ['team-a'] })).status).toBe(403);
    expect((await call(audrey, 'get', '/v1/audit-events/verification')).body).toMatchObject({ valid: true });
  });
});

describe('a downgrade', () => {
  const shipped = readMigrations(shippedMigrations(kind)).map(({ name }) => name);
  const migrate = (database: string, to?: string) =>
    onPostgresql
      ? migratePostgresql(database, to === undefined ? {} : { directory: to })
      : migrateSqlite(database, to === undefined ? {} : { directory: to });

  it.each(states.slice(0, -1))('to $name is refused in clear words, and changes nothing', async (state) => {
    const { database } = await place(states.at(-1) ?? state);
    await migrate(database);
    const content = () =>
      onPostgresql
        ? query(
            database,
            async (client) => (await client.query('SELECT * FROM "_prisma_migrations"')).rows as unknown[],
          )
        : Promise.resolve(hash('sha256', readFileSync(database), 'hex'));
    const before = await content();
    const older = join(directory.path, `older-${state.name}`);
    copyMigrations(kind, older, state.migration);
    const newest = shipped.at(-1) ?? '';
    await expect(migrate(database, older)).rejects.toThrow(
      `the database belongs to a newer version of kubepass: it has migration ${newest}, which this version does not know. ` +
        'Start the newer version again, or restore the backup from before the upgrade',
    );
    expect(await content()).toEqual(before);
  });
});
