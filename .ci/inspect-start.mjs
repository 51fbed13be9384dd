// Whether kubepass-inspect starts, inspects one certificate and ends within 300 ms. The fastest of some runs counts,
// because other checks may have left work behind.
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';

const limit = 300;
const times = Array.from({ length: 10 }, () => {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, [
    'dist/kubepass-inspect.js',
    'test/fixtures/inspection/cluster-ca/input.pem',
  ]);
  if (status !== 0) throw new Error(`kubepass-inspect ended with ${status}`);
  return performance.now() - started;
});
const fastest = Math.min(...times);
console.log(`kubepass-inspect takes ${fastest.toFixed(0)} ms; the limit is ${limit} ms`);
process.exitCode = fastest < limit ? 0 : 1;
