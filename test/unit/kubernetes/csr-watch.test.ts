// Tests src/kubernetes/csr-watch.ts, src/kubernetes/object-watch.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClusterConnection, openClusterConnection } from '../../../src/kubernetes/cluster-connection.js';
import { type CsrObject, kubeApiserverClient } from '../../../src/kubernetes/csr-object.js';
import type { CsrWatch } from '../../../src/kubernetes/csr-watch.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

let directory: ReturnType<typeof temporaryDirectory>;
let server: FakeApiServer;
let connection: ClusterConnection;
let watch: CsrWatch;
const report = vi.fn();
const reconnected = vi.fn();

beforeEach(async () => {
  vi.clearAllMocks();
  directory = temporaryDirectory();
  server = await FakeApiServer.start({ oneAuthority: true });
  const file = join(directory.path, 'kubeconfig');
  writeFileSync(file, await server.kubeconfig({ username: 'admin', groups: ['system:masters'] }));
  connection = await openClusterConnection(
    { kind: 'kubeconfig', file, context: null },
    { allowExec: false, report, watchTimes: { firstPause: 5, longestPause: 20, silence: 400 } },
  );
  watch = connection.csrWatch;
});
afterEach(async () => {
  await connection.close();
  await server.close();
  directory.remove();
});

const soon = () => new Date(Date.now() + 120_000);
const exists = (csr: CsrObject | null) => csr !== null;
const create = (name: string) =>
  server.storage.create(
    { name },
    { request: '', signerName: kubeApiserverClient, usages: ['client auth'], username: 'u', groups: [] },
  );
const lists = () => server.requests.filter((line) => line.startsWith('GET ')).length;
const established = () => expect.poll(() => server.watching).toBe(1);

describe('a watch', () => {
  it('does nothing before it is used, and is the same for everyone', async () => {
    expect(connection.csrWatch).toBe(watch);
    expect(server.requests).toHaveLength(0);
    watch.subscribe(() => undefined);
    await established();
  });

  it('lists again once the history is forgotten, and notices what is gone', async () => {
    create('a');
    create('b');
    await watch.waitFor('b', exists, soon());
    await established();
    watch.onReconnect(reconnected);
    await server.stop();
    server.storage.delete('b');
    create('c');
    server.storage.compact();
    const gone = watch.waitFor('b', (csr) => csr === null, soon());
    await server.restart();
    expect(await gone).toEqual({ kind: 'settled', csr: null });
    expect(await watch.waitFor('c', exists, soon())).toMatchObject({ kind: 'settled' });
    await expect.poll(() => reconnected.mock.calls.length).toBeGreaterThan(0);
  });

  it('lists again when it is told in the midst of it that its version is too old', async () => {
    create('a');
    await watch.waitFor('a', exists, soon());
    await established();
    server.storage.compact();
    server.cutWatches();
    create('b');
    expect(await watch.waitFor('b', exists, soon())).toMatchObject({ kind: 'settled' });
  });

  it('goes on from a bookmark without listing', async () => {
    create('a');
    await watch.waitFor('a', exists, soon());
    await established();
    server.storage.compact();
    server.bookmark();
    const [before, asked] = [lists(), server.requests.length];
    server.endWatches();
    await expect.poll(() => server.requests.length).toBeGreaterThan(asked);
    create('b');
    expect(await watch.waitFor('b', exists, soon())).toMatchObject({ kind: 'settled' });
    expect(lists()).toBe(before);
  });

  it('takes a silent connection for dead although nobody waits', async () => {
    const seen: string[] = [];
    watch.subscribe(({ name }) => seen.push(name));
    watch.onReconnect(reconnected);
    await established();
    server.freezeWatches();
    create('a');
    server.thawWatches();
    await expect.poll(() => seen).toEqual(['a']);
    await expect.poll(() => reconnected.mock.calls.length).toBeGreaterThan(0);
    expect(String(report.mock.calls[0]?.[0])).toContain('silent');
  });

  it('keeps trying where it is refused, and says why', async () => {
    server.fail({ times: 3, answer: { status: 403, body: 'no' } });
    create('a');
    expect(await watch.waitFor('a', exists, soon())).toMatchObject({ kind: 'settled' });
    expect(report).toHaveBeenCalledTimes(3);
    expect(report).toHaveBeenCalledWith(expect.objectContaining({ name: 'ClusterForbiddenError' }));
  });

  it('pauses between failures', async () => {
    server.fail({ times: 1000, answer: 'reset' });
    watch.subscribe(() => undefined);
    await quietMoment(400);
    expect(server.requests.length).toBeLessThan(60);
    await expect.poll(() => server.requests.length).toBeGreaterThan(5);
  });

  it('waits on for an object that was never there, but not for one that was', async () => {
    create('a');
    await watch.waitFor('a', exists, soon());
    const waiting = watch.waitFor('b', () => true, new Date(Date.now() + 300));
    server.cutWatches();
    expect(await waiting).toEqual({ kind: 'deadline' });
  });
});
