// Tests src/kubernetes/csr-object.ts, src/kubernetes/csr-watch.ts, src/kubernetes/cluster-error.ts
import { csrObjectsContract } from '../contract/csr-objects-contract.js';
import { csrWatchContract } from '../contract/csr-watch-contract.js';
import { openReal } from './contract-cluster.js';
import { describeCluster } from './suite.js';

describeCluster('a real API server', () => {
  csrObjectsContract('a real API server', openReal);
  csrWatchContract('a real API server', openReal);
});
