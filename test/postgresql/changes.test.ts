// Tests src/log/changes.ts, src/store/tables/change-table.ts
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Composition } from '../../src/start/compose.js';
import { composeOn } from '../helpers/composed-service.js';
import { freshDatabase, type TestDatabase } from '../helpers/postgresql/databases.js';
import { principal } from '../helpers/principals.js';
import { postgresqlEnvironment } from '../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { blockIdentity } from '../../src/access/block-identity.js';

const directory = temporaryDirectory();
const root = principal('root', ['admin']);
const provisioner = principal('petra', ['provisioner']);
const requester = principal('alice', ['requester']);
const forever = new AbortController().signal;
let database: TestDatabase;
let environment: Readonly<Record<string, string>>;
const replicas: Composition[] = [];
const start = async () => {
  const replica = await composeOn(mkdtempSync(join(directory.path, 'replica-')), environment);
  replicas.push(replica);
  return replica;
};

beforeAll(async () => {
  database = await freshDatabase(inject('databases'));
  environment = await postgresqlEnvironment(join(directory.path, 'data'), database.url);
  await start();
  await start();
});
afterAll(async () => {
  for (const replica of replicas) await replica.close();
  await database.drop();
  directory.remove();
});

const changesOf = (replica = 0) => replicas[replica]!.context.changes;
const block = (name: string) => blockIdentity(replicas[0]!.context, root, name, { reason: 'cessationOfOperation' });

it('tells callers who wait at one replica what another one has changed, within three seconds', async () => {
  const { cursor } = await changesOf(1).read(provisioner, null);
  const waiting = changesOf(1).wait(provisioner, cursor, 30, forever);
  const began = performance.now();
  await block('leaver');
  await waiting;
  expect(performance.now() - began).toBeLessThan(3_000);
  expect((await changesOf(1).read(provisioner, cursor)).changed).toEqual(['identities']);
  expect((await changesOf(1).read(requester, cursor)).changed).toEqual([]);
});

it('takes the cursors of every replica, and of those that have stopped', async () => {
  const { cursor } = await changesOf(0).read(provisioner, null);
  expect((await changesOf(1).read(provisioner, cursor)).changed).toEqual([]);
  await block('another');
  expect((await changesOf(1).read(provisioner, cursor)).changed).toEqual(['identities']);
  await start();
  // The start itself may have loaded other policies.
  expect((await changesOf(2).read(provisioner, cursor)).changed).toEqual(['identities', 'policies', 'clusters']);
  const { cursor: next } = await changesOf(2).read(provisioner, cursor);
  expect((await changesOf(0).read(provisioner, next)).changed).toEqual([]);
});
