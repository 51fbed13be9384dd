// Tests src/kubernetes/role-bindings.ts, src/kubernetes/object-watch.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { brokenConnection } from '../../../src/kubernetes/broken-connection.js';
import {
  type ClusterConnection,
  type ConnectionOptions,
  openClusterConnection,
} from '../../../src/kubernetes/cluster-connection.js';
import { rbacGroup, rbacResources } from '../../../src/kubernetes/role-bindings.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { binding, type RbacObject } from '../../helpers/rbac-objects.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

let directory: ReturnType<typeof temporaryDirectory>;
let server: FakeApiServer;
let connection: ClusterConnection;
let later = 0;
const report = vi.fn<(error: unknown) => void>();
const started = Date.now();
const clock = () => new Date(started + later);

async function open(options: Partial<ConnectionOptions> = {}): Promise<ClusterConnection> {
  const file = join(directory.path, 'kubeconfig');
  writeFileSync(file, await server.kubeconfig({ username: 'admin', groups: ['system:masters'] }));
  connection = await openClusterConnection(
    { kind: 'kubeconfig', file, context: null },
    { allowExec: false, report, clock, watchTimes: { firstPause: 5, longestPause: 20 }, ...options },
  );
  return connection;
}
const radius = () => connection.roleBindings().blastRadius('jane', ['team-x']);
const soon = (check: () => void) =>
  expect
    .poll(() => {
      check();
      return true;
    })
    .toBe(true);
const known = () => soon(() => expect(radius()).not.toBeNull());
const innocent: RbacObject = binding('innocent-name', 'ClusterRole/cluster-admin', ['group:team-x']);

beforeEach(async () => {
  vi.clearAllMocks();
  later = 0;
  directory = temporaryDirectory();
  server = await FakeApiServer.start({ oneAuthority: true });
});
afterEach(async () => {
  await connection.close();
  await server.close();
  directory.remove();
});

describe('the role bindings of a cluster', () => {
  it('cost one list and one watch for each of the four resources, and the connections that are kept', async () => {
    await open();
    expect(server.requests).toEqual([]);
    expect(connection.roleBindings()).toBe(connection.roleBindings());
    await known();
    await soon(() => expect(server.watching).toBe(4));
    const paths = rbacResources.map((resource) => `/apis/${rbacGroup}/v1/${resource}`);
    expect([...server.requests].sort()).toEqual([
      ...paths.map((path) => `GET ${path}`).sort(),
      ...paths.map((path) => `WATCH ${path}`).sort(),
    ]);
  });

  it('are read to the last page', async () => {
    server.roleBindings.apply(
      Array.from({ length: 1203 }, (_, i) => binding(`b-${i}`, 'ClusterRole/view', ['user:jane'], `ns-${i % 7}`)),
    );
    await open();
    await known();
    expect(radius()?.grants.filter(({ kind }) => kind === 'RoleBinding')).toHaveLength(1203);
  });

  it.each(rbacResources)('are not known before %s are', async (resource) => {
    server.fail({ to: new RegExp(`^GET .*/${resource}$`), times: 1000, answer: 'silence' });
    await open();
    connection.roleBindings();
    await soon(() => expect(server.watching).toBe(3));
    expect(radius()).toBeNull();
  });

  it('are not known before the last page is', async () => {
    server.roleBindings.apply(
      Array.from({ length: 501 }, (_, i) => binding(`b-${i}`, 'ClusterRole/view', ['user:jane'])),
    );
    await open();
    // The second page is asked for last: three lists of one page, and the first of the bindings.
    connection.roleBindings();
    await soon(() => expect(server.requests.filter((line) => line.startsWith('GET ')).length).toBe(5));
    await known();
    expect(radius()?.grants.length).toBeGreaterThan(500);
  });

  it('are right after the history is forgotten, whatever came and went meanwhile', async () => {
    const other = binding('other', 'ClusterRole/cluster-admin', ['user:jane']);
    server.roleBindings.apply([other]);
    await open();
    await soon(() => expect(radius()?.clusterAdmin.map(({ name }) => name)).toEqual(['other']));
    await soon(() => expect(server.watching).toBe(4));
    await server.stop();
    server.roleBindings.delete([other]);
    server.roleBindings.apply([innocent]);
    server.roleBindings.compact();
    await server.restart();
    await soon(() => expect(radius()?.clusterAdmin.map(({ name }) => name)).toEqual(['innocent-name']));
  });

  it('are right after the same binding was deleted and made anew for somebody else', async () => {
    server.roleBindings.apply([innocent]);
    await open();
    await soon(() => expect(radius()?.clusterAdmin).toHaveLength(1));
    server.roleBindings.delete([innocent]);
    server.roleBindings.apply([binding('innocent-name', 'ClusterRole/cluster-admin', ['group:team-y'])]);
    await soon(() => expect(radius()?.clusterAdmin).toEqual([]));
    expect(connection.roleBindings().blastRadius('x', ['team-y'])?.clusterAdmin).toHaveLength(1);
  });

  it('are not believed once nothing was heard for three minutes, and are again with the next bookmark', async () => {
    await open();
    await known();
    await soon(() => expect(server.watching).toBe(4));
    later = 179_000;
    expect(radius()).not.toBeNull();
    later = 181_000;
    expect(radius()).toBeNull();
    server.bookmark();
    await known();
    expect(Date.parse(radius()?.observedAt ?? '')).toBe(started + 181_000);
  });

  it('are only believed where all four are heard of', async () => {
    await open();
    await known();
    await soon(() => expect(server.watching).toBe(4));
    later = 181_000;
    server.roleBindings.apply([innocent]);
    // Time for the event, on one watch of the four.
    await quietMoment();
    expect(radius()).toBeNull();
  });

  it('are not believed where the clock says that they were read in the future', async () => {
    later = 3_600_000;
    await open();
    await known();
    later = 0;
    expect(radius()).toBeNull();
  });

  it('are what they last were while the cluster is down, and after a while nothing', async () => {
    server.roleBindings.apply([innocent]);
    await open();
    await known();
    await server.stop();
    later = 120_000;
    expect(radius()?.clusterAdmin).toHaveLength(1);
    later = 240_000;
    expect(radius()).toBeNull();
    await server.restart();
    await soon(() => expect(radius()?.clusterAdmin).toHaveLength(1));
  });

  it('report a cluster that is down once, not each time that it is tried', async () => {
    await open();
    await server.stop();
    connection.roleBindings();
    await soon(() => expect(report.mock.calls.length).toBeGreaterThanOrEqual(4));
    await quietMoment(300);
    expect(report).toHaveBeenCalledTimes(4);
    await server.restart();
    await known();
  });

  it('do without subjects and rules, in place of which Go writes null', async () => {
    const [bound] = [binding('empty', 'ClusterRole/void', ['user:jane'])];
    server.roleBindings.apply([
      { ...bound, subjects: null } as unknown as RbacObject,
      binding('void', 'ClusterRole/void', ['user:jane']),
      { kind: 'ClusterRole', metadata: { name: 'void' }, rules: null } as unknown as RbacObject,
    ]);
    await open();
    await known();
    expect(radius()?.grants).toContainEqual(expect.objectContaining({ name: 'void', rules: [] }));
    expect(radius()?.grants.some(({ name }) => name === 'empty')).toBe(false);
  });

  it('do not keep the service from ending while a list is not answered', async () => {
    server.fail({ times: 1000, answer: 'silence' });
    await open({ requestTimeoutMilliseconds: 600_000 });
    connection.roleBindings();
    await soon(() => expect(server.requests).toHaveLength(4));
    // An answer is waited for longer than a test may take.
    await connection.close();
    expect(report).not.toHaveBeenCalled();
  });

  it('are not known over a connection that cannot be opened', async () => {
    await open();
    expect(brokenConnection(new Error('no')).roleBindings().blastRadius('jane', [])).toBeNull();
  });
});
