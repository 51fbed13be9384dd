// Tests src/store/postgresql/open-postgresql-store.ts, src/store/writer/ordered-writer.ts, src/callers/admin-tokens.ts
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { verifyChain } from '../../src/audit/hash-chain.js';
import type { Composition } from '../../src/start/compose.js';
import { newApiTokenSecret } from '../../src/callers/secrets.js';
import type { QuotaLimit } from '../../src/model/decision.js';
import { openPostgresqlStore } from '../../src/store/postgresql/open-postgresql-store.js';
import type { Write } from '../../src/store/steps/step.js';
import type { Store } from '../../src/store/store.js';
import { insertUnknownIdentity } from '../../src/store/tables/cluster-tables.js';
import { insertExpiryNotice } from '../../src/store/tables/expiry-notice-table.js';
import { insertIdempotencyKey } from '../../src/store/tables/idempotency-key-table.js';
import { insertCertificate } from '../../src/store/tables/insert-certificate.js';
import { requireQuota } from '../../src/store/tables/quotas.js';
import { insertRequest, updateRequest } from '../../src/store/tables/write-request.js';
import { composeOn, type LogLine } from '../helpers/composed-service.js';
import { freshDatabase, type TestDatabase } from '../helpers/postgresql/databases.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { aCertificate, anEvent, anIdempotencyEntry, aRequest, instant, sha256 } from '../unit/store/records.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await freshDatabase(inject('databases'));
});
afterEach(() => database.drop());

describe('three stores on one database', () => {
  let stores: Store[];
  beforeEach(async () => {
    stores = await Promise.all([1, 2, 3].map(() => openPostgresqlStore({ url: database.url, readConnections: 2 })));
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));

  /** Commits the same operations many times from each store at once, and answers the results. */
  const fromEach = (times: number, operations: (number: number) => readonly Write[]) =>
    Promise.all(
      stores.flatMap((store, s) =>
        Array.from({ length: times }, (_, i) =>
          store.writer.commit({ operations: operations(s * times + i), events: [anEvent({ principal: String(s) })] }),
        ),
      ),
    );
  const events = async () => (await stores[0]!.auditEvents.head()).seq;

  it('continue one chain without a gap', async () => {
    const results = await fromEach(100, () => [insertRequest(aRequest())]);
    expect(results.every(({ committed }) => committed)).toBe(true);
    expect(await verifyChain(stores[1]!.auditEvents)).toMatchObject({ valid: true, events: 300 });
    const writers = new Set((await stores[2]!.auditEvents.chunk(0, 300)).map(({ principal }) => principal));
    expect(writers.size).toBe(3);
  });

  it('record an unknown identity once', async () => {
    const results = await fromEach(10, () => [
      insertUnknownIdentity({
        cluster: 'demo',
        fingerprintSha256: sha256('x'),
        objectUid: 'u',
        recordedAt: new Date(),
      }),
    ]);
    expect(results.filter(({ committed }) => committed)).toHaveLength(1);
    expect(await events()).toBe(1);
  });

  it('take an Idempotency-Key once', async () => {
    const results = await fromEach(10, (number) => [
      insertIdempotencyKey(anIdempotencyEntry({ requestId: String(number) }), aRequest()),
    ]);
    expect(results.filter(({ committed }) => committed)).toHaveLength(1);
    expect(results.find(({ committed }) => !committed)).toMatchObject({ conflict: { kind: 'idempotencyKey' } });
  });

  it('let as many through a quota as it allows, all together', async () => {
    const limit: QuotaLimit = { kind: 'livePerGroup', cluster: 'demo', group: 'dev' };
    const results = await fromEach(20, () => {
      const request = aRequest({ state: 'approved' });
      return [
        requireQuota({ limit, atMost: 7, exceptRequest: request.id, now: instant('2026-03-01T10:00:00.000Z') }),
        insertRequest(request),
      ];
    });
    expect(results.filter(({ committed }) => committed)).toHaveLength(7);
    expect(await events()).toBe(7);
  });

  it('claim the announcement of an end once', async () => {
    const notice = { fingerprintSha256: sha256('x'), seconds: 600, announcedAt: new Date() };
    const results = await fromEach(10, () => [insertExpiryNotice(notice)]);
    expect(results.filter(({ committed }) => committed)).toHaveLength(1);
    expect(results.find(({ committed }) => !committed)).toMatchObject({ conflict: { kind: 'expiryNotice' } });
    expect(await events()).toBe(1);
  });

  it('move a request once', async () => {
    const request = aRequest();
    await stores[0]!.writer.commit({ operations: [insertRequest(request)], events: [] });
    const results = await fromEach(10, () => [
      updateRequest({ id: request.id, from: { state: 'pending' }, to: { state: 'approved' } }),
    ]);
    expect(results.filter(({ committed }) => committed)).toHaveLength(1);
  });

  it('work alone one after the other if they ask for it', async () => {
    let inside = 0;
    const most = await Promise.all(
      stores.map((store) =>
        store.alone(async () => {
          inside += 1;
          await new Promise((resolve) => setTimeout(resolve, 30));
          return inside--;
        }),
      ),
    );
    expect(most).toEqual([1, 1, 1]);
  });
});

describe('the first admin of services that start at once', () => {
  const directories: ReturnType<typeof temporaryDirectory>[] = [];
  const services: Composition[] = [];
  const log: LogLine[] = [];
  const directory = () => {
    const made = temporaryDirectory();
    directories.push(made);
    return made.path;
  };
  afterEach(async () => {
    for (const service of services.splice(0)) await service.close();
    for (const one of directories.splice(0)) one.remove();
    log.length = 0;
  });

  it('has the token of their file, which one of them records and all of them know', async () => {
    const shared = directory();
    const secret = newApiTokenSecret(randomBytes);
    const file = join(shared, 'first-admin-token');
    writeFileSync(file, `${secret}\n`, { mode: 0o600 });
    const environment = {
      ...(await postgresqlEnvironment(shared, database.url)),
      KUBEPASS_FIRST_ADMIN_TOKEN_FILE: file,
    };
    const startThree = async () => {
      const own = [1, 2, 3].map(directory);
      const started = await Promise.all(own.map((path) => composeOn(path, environment, {}, log)));
      services.push(...started);
      expect(own.filter((path) => existsSync(join(path, 'data', 'admin-token')))).toEqual([]);
      return Promise.all(
        started.map(async ({ context: { authenticator } }) => {
          const found = await authenticator.authenticate({ kind: 'bearer', token: secret });
          return found.outcome === 'authenticated' ? found.principal : null;
        }),
      );
    };
    const [admin, ...others] = await startThree();
    expect(admin).toMatchObject({ name: 'admin', roles: ['admin'], createdBy: [] });
    expect(others).toEqual([admin, admin]);
    const told = () => log.filter(({ message }) => message.includes('live admin'));
    expect(told()).toMatchObject([{ level: 'info', fields: { file } }]);
    const created = async () =>
      (await services[0]!.store.auditEvents.chunk(0, 200)).filter(({ type }) => type === 'ApiTokenCreated');
    expect(await created()).toHaveLength(1);

    // All of them come back with the same file: the token that was revoked meanwhile makes nobody an admin.
    expect(await services[1]!.context.apiTokens.revoke(admin!, admin?.credentialId ?? '')).toMatchObject({ ok: true });
    for (const service of services.splice(0)) await service.close();
    expect(await startThree()).toEqual([null, null, null]);
    expect(told().map(({ level }) => level)).toEqual(['info', 'warn', 'warn', 'warn']);
    expect(await created()).toHaveLength(1);
    expect(JSON.stringify([log, await services[0]!.store.auditEvents.chunk(0, 200)])).not.toContain(secret.slice(9));
  });
});

describe('three services that start at once on an empty database', () => {
  const directories: ReturnType<typeof temporaryDirectory>[] = [];
  const services: Composition[] = [];
  const log: LogLine[] = [];
  let now: Date;
  beforeEach(async () => {
    now = new Date();
    const shared = temporaryDirectory();
    directories.push(shared);
    const environment = await postgresqlEnvironment(shared.path, database.url);
    const own = [1, 2, 3].map(() => temporaryDirectory());
    directories.push(...own);
    const clock = () => now;
    services.push(...(await Promise.all(own.map(({ path }) => composeOn(path, environment, { clock }, log)))));
  });
  afterEach(async () => {
    for (const service of services.splice(0)) await service.close();
    for (const directory of directories.splice(0)) directory.remove();
    log.length = 0;
  });

  const tokens = () =>
    directories
      .map(({ path }) => join(path, 'data', 'admin-token'))
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, 'utf8').trim());

  it('make one admin token, and pin the CA once', async () => {
    expect(tokens()).toHaveLength(1);
    expect(log.filter(({ message }) => message.includes('a token was made'))).toHaveLength(1);
    const made = await services[0]!.store.auditEvents.chunk(0, 100);
    const count = (type: string) => made.filter((event) => event.type === type).length;
    expect([count('ApiTokenCreated'), count('CertificateAuthorityPinned')]).toEqual([1, 1]);
    expect(await verifyChain(services[0]!.store.auditEvents)).toMatchObject({ valid: true });
  });

  it('announce the end of each certificate once, also when their clock is moved by a day', async () => {
    const day = 86_400_000;
    const notBefore = new Date(now.getTime() - 10 * day);
    const count = 60;
    for (let i = 0; i < count; i++) {
      const request = aRequest({ state: 'issued' });
      const notAfter = new Date(now.getTime() + 2 * day - i);
      const certificate = aCertificate(request, { notBefore, notAfter, username: `user-${String(i)}` });
      const operations: Write[] = [insertRequest(request), insertCertificate(certificate)];
      await services[i % 3]!.store.writer.commit({ operations, events: [] });
    }
    await Promise.all(services.map((service) => service.begin()));
    const told = async () => {
      const { items } = await services[0]!.store.auditEvents.list(
        { type: 'CertificateExpiring' },
        { limit: 500, cursor: null },
      );
      return items.map(({ details }) => `${details['seconds'] as number} ${details['username'] as string}`);
    };
    const isTold = async (times: number) => {
      await expect.poll(async () => (await told()).length, { timeout: 20_000 }).toBe(count * times);
      expect(new Set(await told()).size).toBe(count * times);
    };
    // A lifetime of twelve days has no notice of a week.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await told()).toEqual([]);
    now = new Date(now.getTime() + day + 60_000);
    await isTold(1);
    now = new Date(now.getTime() - day);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    now = new Date(now.getTime() + day);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await isTold(1);
  });

  it('reject a token that one of them revokes: at once there, within five seconds elsewhere', async () => {
    const [token = ''] = tokens();
    const principals = () =>
      Promise.all(
        services.map(async ({ context: { authenticator } }) => {
          const found = await authenticator.authenticate({ kind: 'bearer', token });
          return found.outcome === 'authenticated' ? found.principal : null;
        }),
      );
    const [admin] = await principals();
    if (!admin?.credentialId) throw new Error('the token is not known');
    expect(await principals()).toEqual([admin, admin, admin]);
    expect(await services[0]!.context.apiTokens.revoke(admin, admin.credentialId)).toMatchObject({ ok: true });
    expect(await principals()).toEqual([null, admin, admin]);
    now = new Date(now.getTime() + 5000);
    expect(await principals()).toEqual([null, null, null]);
  });
});
