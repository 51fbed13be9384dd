import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Composition } from '../../../src/compose/compose.js';
import { warmUp } from '../../../src/compose/warm-up.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { kubepassRules } from '../../helpers/fake-api-server/rbac.js';
import { composeOn, type LogLine } from '../../helpers/composed-service.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const quiet = { info() {}, warn() {}, error() {} };
const directories: { remove(): void }[] = [];
const services: Composition[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});
afterAll(() => {
  for (const directory of directories.splice(0)) directory.remove();
});

async function composed(environment: Readonly<Record<string, string>> = {}, log: LogLine[] = []) {
  const directory = temporaryDirectory();
  directories.push(directory);
  const service = await composeOn(directory.path, environment, {}, log);
  services.push(service);
  return service;
}

describe('the warm-up', () => {
  it('issues in every way, and leaves no record and no log line', async () => {
    const log: LogLine[] = [];
    const service = await composed({}, log);
    const { store } = service;
    const before = { head: await store.auditEvents.head(), lines: log.length };
    const statuses = await service.warmUp({ milliseconds: 10_000 });
    expect(statuses.length).toBe(40);
    // The policies in force do not permit the rehearsed request.
    expect(statuses.slice(0, 4)).toEqual([201, 403, 201, 403]);
    expect(new Set(statuses)).toEqual(new Set([201, 403]));
    expect({ head: await store.auditEvents.head(), lines: log.length }).toEqual(before);
    const page = { limit: 10, cursor: null };
    expect((await store.requests.list({}, page)).items).toEqual([]);
    expect((await store.certificates.list({}, page)).items).toEqual([]);
  });

  it('sends nothing to a cluster', async () => {
    const directory = temporaryDirectory();
    directories.push(directory);
    const server = await FakeApiServer.start();
    try {
      server.rbac.allowUser('kubepass', kubepassRules);
      const kubeconfig = join(directory.path, 'kubeconfig');
      writeFileSync(kubeconfig, await server.kubeconfig({ username: 'kubepass' }));
      const config = join(directory.path, 'kubepass.yaml');
      const cluster = { name: 'demo', server: server.url, signer: 'kubernetes', kubeconfig };
      writeFileSync(config, JSON.stringify({ clusters: [cluster] }));
      const service = await composed({ KUBEPASS_CONFIG: config });
      const statuses = await service.warmUp({ milliseconds: 20_000 });
      expect(statuses.slice(0, 4)).toEqual([201, 403, 201, 403]);
      expect(server.requests).toEqual([]);
      await services.pop()?.close();
    } finally {
      await server.close();
    }
  });

  it('ends at once when the service stops', async () => {
    const service = await composed();
    expect(await service.warmUp({ isStopped: () => true })).toEqual([]);
  });

  it('does not hold up the start where it hangs or fails', async () => {
    const began = performance.now();
    await warmUp(() => new Promise(() => undefined), quiet);
    expect(performance.now() - began).toBeLessThan(20_000);
    const warned: object[] = [];
    const log = { ...quiet, warn: (fields: object) => void warned.push(fields) };
    expect(await warmUp(() => Promise.reject(new Error('no key')), log)).toEqual([]);
    expect(warned).toMatchObject([{ err: { message: 'no key' } }]);
  });
});
