import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPolicies } from '../helpers/issuance.js';
import { freshDatabase, prepareDatabases } from '../helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { onPostgresql } from '../helpers/test-store.js';
import { startChild, type ChildService } from './child-service.js';
import { localCrashPoints, type CrashPoint } from './crash-points.js';
import { callTo, Ledger, load } from './ledger.js';

const directory = temporaryDirectory();
const dataDir = join(directory.path, 'data');
const policiesDir = join(directory.path, 'policies');
let server: PostgresqlServer | undefined;
let environment: Readonly<Record<string, string>> = {};
let child: ChildService | undefined;

beforeAll(async () => {
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
  if (!onPostgresql) return;
  server = await startPostgresql({ durable: true });
  const { url } = await freshDatabase(await prepareDatabases(server));
  environment = await postgresqlEnvironment(dataDir, url);
}, 60_000);
afterAll(async () => {
  await child?.kill();
  await server?.remove();
  directory.remove();
});

let starts = 0;
async function start(crash?: { readonly at: CrashPoint; readonly on: number }): Promise<ChildService> {
  // If others may work on the same database, an attempt stays untouched until its lease has ended.
  const ahead = onPostgresql ? { CLOCK_AHEAD_SECONDS: String(100 * starts++) } : {};
  return startChild(dataDir, policiesDir, crash, { ...environment, ...ahead });
}

const ledger = new Ledger();
const call = callTo(
  () => child?.address ?? '',
  () => readFileSync(join(dataDir, 'admin-token'), 'utf8').trim(),
);

/** Eight clients that continue until the service is gone. */
async function loadUntil(gone: Promise<void>): Promise<void> {
  let running = true;
  void gone.then(() => {
    running = false;
  });
  await load(ledger, Array(8).fill(call), () => running);
}

// A start takes longer than the tested work, so there are fewer rounds on PostgreSQL.
const rounds = Number(process.env['KUBEPASS_CRASH_ROUNDS'] ?? (onPostgresql ? 8 : 30));
const round = (number: number) => {
  const point = localCrashPoints[number % (2 * localCrashPoints.length)];
  return point === undefined ? undefined : { at: point, on: 1 + ((number * 7) % 40) };
};

describe('kill -9', () => {
  it.each(Array.from({ length: rounds }, (_, number) => [number + 1, round(number)] as const))(
    'round %i: %o',
    async (number, crash) => {
      child = await start(crash);
      if (!crash) setTimeout(() => child?.process.kill('SIGKILL'), 100 + ((number * 137) % 900));
      await loadUntil(child.gone);

      child = await start();
      await ledger.everythingHolds(call);
      await ledger.lostAnswersCanBeAskedForAgain(call);
      await ledger.everythingHolds(call);
      await child.kill();
    },
    180_000,
  );

  it('issued something in every way', () => {
    expect(ledger.fingerprints.size).toBeGreaterThan(rounds);
    expect(ledger.requests.size).toBeGreaterThan(rounds);
  });
});
