// Tests test/helpers/fake-api-server.ts, src/kubernetes/csr-object.ts, src/kubernetes/csr-watch.ts,
// src/kubernetes/role-bindings.ts
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { csrObjectsContract } from './csr-objects-contract.js';
import { csrWatchContract } from './csr-watch-contract.js';
import { roleBindingsContract, type RoleBindingCluster } from './role-bindings-contract.js';

async function openFake(): Promise<RoleBindingCluster> {
  const server = await FakeApiServer.start();
  return {
    adminKubeconfig: await server.kubeconfig({ username: 'admin', groups: ['system:masters'] }),
    allow: async (username, rules) => server.rbac.allowUser(username, rules),
    apply: async (objects) => server.roleBindings.apply(objects),
    remove: async (objects) => server.roleBindings.delete(objects),
    close: () => server.close(),
  };
}

csrObjectsContract('the fake API server', openFake);
csrWatchContract('the fake API server', openFake);
roleBindingsContract('the fake API server', openFake);
