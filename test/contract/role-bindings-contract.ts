import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import { rbacGroup, rbacResources } from '../../src/kubernetes/role-bindings.js';
import { binding, everything, role, type RbacObject } from '../helpers/rbac-objects.js';
import { ConnectionBench, type ContractCluster, uniqueName } from './cluster-under-contract.js';
import { quietMoment } from '../helpers/quiet-moment.js';

/** A cluster whose roles and bindings a test may change. */
export interface RoleBindingCluster extends ContractCluster {
  /** Creates them, or changes those that exist. Their namespaces exist. */
  apply(objects: readonly RbacObject[]): Promise<void>;
  remove(objects: readonly RbacObject[]): Promise<void>;
}

/** The behaviour of role bindings that a caller for a blast radius relies on. */
export function roleBindingsContract(name: string, open: () => Promise<RoleBindingCluster>): void {
  describe(`the role bindings of a cluster: ${name}`, () => {
    let cluster: RoleBindingCluster;
    let bench: ConnectionBench;
    const applied: RbacObject[] = [];
    beforeAll(async () => {
      cluster = await open();
      bench = new ConnectionBench(cluster);
    });
    afterEach(async () => {
      await cluster.remove(applied.splice(0));
    });
    afterAll(async () => {
      await bench.close();
      await cluster.close();
    });

    const apply = async (...objects: readonly RbacObject[]) => {
      await cluster.apply(objects);
      applied.push(...objects);
    };
    const grantsTo = (connection: ClusterConnection, group: string) =>
      connection
        .roleBindings()
        .blastRadius('nobody', [group])
        ?.grants.filter(({ subject }) => subject.name === group)
        .map(({ namespace, name: ofBinding, role: of, rules }) => ({ namespace, name: ofBinding, of: of.name, rules }));
    const read = (connection: ClusterConnection) =>
      expect.poll(() => connection.roleBindings().blastRadius('nobody', [])).not.toBeNull();
    const soon = (check: () => void) =>
      expect
        .poll(() => {
          check();
          return true;
        })
        .toBe(true);

    it('are not known at once, and then as a whole, including the rights of everybody', async () => {
      const connection = await bench.admin();
      const before = Date.now();
      expect(connection.roleBindings().blastRadius('nobody', [])).toBeNull();
      await read(connection);
      const known = connection.roleBindings().blastRadius('nobody', []);
      expect(known?.grants.map(({ name: ofBinding }) => ofBinding)).toEqual(
        expect.arrayContaining(['system:basic-user', 'system:discovery', 'system:public-info-viewer']),
      );
      expect(known).toMatchObject({ clusterAdmin: [], escalations: [] });
      expect(Date.parse(known?.observedAt ?? '')).toBeGreaterThanOrEqual(before);
      expect(connection.roleBindings().blastRadius('nobody', ['system:masters'])?.clusterAdmin).toEqual([
        { kind: 'Group', name: 'system:masters', namespace: null },
        { kind: 'ClusterRoleBinding', name: 'cluster-admin', namespace: null },
      ]);
    });

    it('are followed: a binding is added, changed and removed, and so is a role', async () => {
      const connection = await bench.admin();
      await read(connection);
      const [team, roleName, bindingName] = [uniqueName('team'), uniqueName('role'), uniqueName('binding')];
      const bound = binding(bindingName, `ClusterRole/${roleName}`, [`group:${team}`]);
      await apply(bound);
      await soon(() =>
        expect(grantsTo(connection, team)).toEqual([{ namespace: null, name: bindingName, of: roleName, rules: null }]),
      );
      await apply(role(roleName, [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]));
      await soon(() => expect(grantsTo(connection, team)).toMatchObject([{ rules: [{ resources: ['pods'] }] }]));
      await cluster.apply([role(roleName, [everything])]);
      await soon(() =>
        expect(connection.roleBindings().blastRadius('nobody', [team])?.clusterAdmin).toEqual([
          { kind: 'ClusterRoleBinding', name: bindingName, namespace: null },
        ]),
      );
      await cluster.apply([binding(bindingName, `ClusterRole/${roleName}`, ['group:another'])]);
      await soon(() => expect(grantsTo(connection, team)).toEqual([]));
      await cluster.apply([bound]);
      await soon(() => expect(grantsTo(connection, team)).toHaveLength(1));
      await cluster.remove(applied.splice(0));
      await soon(() => expect(grantsTo(connection, team)).toEqual([]));
    });

    it('are distinguished by their namespaces', async () => {
      const connection = await bench.admin();
      await read(connection);
      const [team, same] = [uniqueName('team'), uniqueName('same')];
      const rules = (resource: string) => [{ verbs: ['get'], apiGroups: [''], resources: [resource] }];
      await apply(
        role(same, rules('pods'), 'default'),
        role(same, rules('services'), 'kube-system'),
        binding(same, `Role/${same}`, [`group:${team}`], 'default'),
        binding(same, `Role/${same}`, [`group:${team}`], 'kube-system'),
      );
      await soon(() =>
        expect(grantsTo(connection, team)).toMatchObject([
          { namespace: 'default', rules: [{ resources: ['pods'] }] },
          { namespace: 'kube-system', rules: [{ resources: ['services'] }] },
        ]),
      );
      await cluster.remove([role(same, [], 'default')]);
      await soon(() => expect(grantsTo(connection, team)).toMatchObject([{ rules: null }, { rules: [{}] }]));
    });

    it('are right again after a break, with the changes made meanwhile', async () => {
      const report = vi.fn();
      const { connection, proxy } = await bench.adminByProxy({ report, watchTimes: { firstPause: 20 } });
      await read(connection);
      const [team, comes, goes] = [uniqueName('team'), uniqueName('comes'), uniqueName('goes')];
      const going = binding(goes, 'ClusterRole/view', [`group:${team}`]);
      await cluster.apply([going]);
      await soon(() => expect(grantsTo(connection, team)).toMatchObject([{ name: goes }]));
      await proxy.pause();
      await cluster.remove([going]);
      await apply(binding(comes, 'ClusterRole/view', [`group:${team}`]));
      await soon(() => expect(report).toHaveBeenCalled());
      expect(grantsTo(connection, team)).toMatchObject([{ name: goes }]);
      await proxy.resume();
      await soon(() => expect(grantsTo(connection, team)).toMatchObject([{ name: comes }]));
    });

    it('are unknown if they may not be read: each missing right is reported once', async () => {
      const report = vi.fn<(error: unknown) => void>();
      const allowed = rbacResources.slice(1);
      const connection = await bench.as(
        uniqueName('reader'),
        [{ apiGroups: [rbacGroup], resources: allowed, verbs: ['list', 'watch'] }],
        [],
        { report, watchTimes: { firstPause: 20, longestPause: 50 } },
      );
      connection.roleBindings();
      await soon(() => expect(report).toHaveBeenCalled());
      await quietMoment(500);
      expect(report.mock.calls).toEqual([
        [expect.objectContaining({ name: 'ClusterForbiddenError', missing: `list clusterroles.${rbacGroup}` })],
      ]);
      expect(connection.roleBindings().blastRadius('nobody', [])).toBeNull();
    });

    it('end with their connection', async () => {
      const { connection, proxy } = await bench.adminByProxy();
      await read(connection);
      await connection.close();
      await expect.poll(() => proxy.open).toBe(0);
    });
  });
}
