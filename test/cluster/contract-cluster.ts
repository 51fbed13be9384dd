import { readFileSync } from 'node:fs';
import type { RoleBindingCluster } from '../contract/role-bindings-contract.js';
import { manifestOf } from '../helpers/rbac-objects.js';
import { succeed } from './certificate-signing-request.js';
import { openCluster } from './suite.js';

/** A real cluster, for the contract suites. */
export async function openReal(): Promise<RoleBindingCluster> {
  const cluster = await openCluster();
  const allowed: string[] = [];
  return {
    adminKubeconfig: readFileSync(cluster.adminKubeconfigPath, 'utf8'),
    async allow(username, rules) {
      const metadata = { name: username };
      const apiGroup = 'rbac.authorization.k8s.io';
      const objects = [
        { apiVersion: `${apiGroup}/v1`, kind: 'ClusterRole', metadata, rules },
        {
          apiVersion: `${apiGroup}/v1`,
          kind: 'ClusterRoleBinding',
          metadata,
          roleRef: { apiGroup, kind: 'ClusterRole', name: username },
          subjects: [{ apiGroup, kind: 'User', name: username }],
        },
      ];
      allowed.push(username);
      await succeed(
        cluster,
        ['apply', '--filename=-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      );
    },
    async apply(objects) {
      await succeed(cluster, ['apply', '--filename=-'], manifestOf(objects));
    },
    async remove(objects) {
      if (objects.length === 0) return;
      await succeed(cluster, ['delete', '--ignore-not-found', '--filename=-'], manifestOf(objects));
    },
    async close() {
      // An existing cluster is left as it was.
      for (const name of allowed) await cluster.kubectl(['delete', 'clusterrole,clusterrolebinding', name]);
      await cluster.stop();
    },
  };
}
