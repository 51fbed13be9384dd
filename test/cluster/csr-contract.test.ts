import { readFileSync } from 'node:fs';
import type { ContractCluster } from '../contract/cluster-under-contract.js';
import { csrObjectsContract } from '../contract/csr-objects-contract.js';
import { csrWatchContract } from '../contract/csr-watch-contract.js';
import { succeed } from './certificate-signing-request.js';
import { describeCluster, openCluster } from './suite.js';

async function openReal(): Promise<ContractCluster> {
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
    async close() {
      // An existing cluster is left as it was found.
      for (const name of allowed) await cluster.kubectl(['delete', 'clusterrole,clusterrolebinding', name]);
      await cluster.stop();
    },
  };
}

describeCluster('a real API server', () => {
  csrObjectsContract('a real API server', openReal);
  csrWatchContract('a real API server', openReal);
});
