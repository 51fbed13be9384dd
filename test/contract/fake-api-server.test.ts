import { FakeApiServer } from '../helpers/fake-api-server.js';
import type { ContractCluster } from './cluster-under-contract.js';
import { csrObjectsContract } from './csr-objects-contract.js';
import { csrWatchContract } from './csr-watch-contract.js';

async function openFake(): Promise<ContractCluster> {
  const server = await FakeApiServer.start();
  return {
    adminKubeconfig: await server.kubeconfig({ username: 'admin', groups: ['system:masters'] }),
    allow: async (username, rules) => server.rbac.allowUser(username, rules),
    close: () => server.close(),
  };
}

csrObjectsContract('the fake API server', openFake);
csrWatchContract('the fake API server', openFake);
