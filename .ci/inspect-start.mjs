// Whether kubepass-inspect starts, inspects one certificate and ends within 300 ms. The fastest of some runs counts,
// because other checks may have left work behind. A machine on which Node alone takes longer than usual gets more time.
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';

function timed(...args) {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args);
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return performance.now() - started;
}

const inspect = ['dist/kubepass-inspect.js', 'test/fixtures/inspection/cluster-ca/input.pem'];
const pairs = Array.from({ length: 10 }, () => [timed('-e', '0'), timed(...inspect)]);
const [node, own] = [0, 1].map((which) => Math.min(...pairs.map((pair) => pair[which])));
const limit = Math.max(300, 7 * node);
console.log(
  `kubepass-inspect takes ${own.toFixed(0)} ms, node -e 0 takes ${node.toFixed(0)} ms; the limit is ${limit.toFixed(0)} ms`,
);
process.exitCode = own < limit ? 0 : 1;
