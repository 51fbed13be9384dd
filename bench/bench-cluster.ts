import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from '../test/cluster/binaries.js';
import { startControlPlane, type ControlPlaneOptions } from '../test/cluster/control-plane.js';
import { kubeconfigOfServiceAccount } from '../test/cluster/service-account.js';
import { BareCalls } from './bare-calls.js';
import { KeptConnections } from './kept-connections.js';
import { manyAtOnce, oneAtATime, takeTurns, type Lane } from './measure.js';
import { comparedDurations, comparedThroughput, type Found } from './report.js';
import { ServiceUnderBench } from './service-under-bench.js';
import { ShellProcedure } from './shell-procedure.js';

/**
 * The controller-manager may call 30 times at once and then 20 times a second. The pause before each turn gives it this
 * budget back.
 */
const refillMilliseconds = 1_600;

/** etcd answers after a write is on disk, as in a cluster that people rely on. The service does the same. */
const durable = { 'unsafe-no-fsync': null };

const rounds = { oneByOne: 5, atOnce: 3 } as const;
const oneByOne = 20;
const atOnce = 16;

/**
 * Compares the service with the bare calls and with the procedure by hand, on a control plane with default settings.
 */
export async function benchCluster(binaries: Binaries, directory: string, found: Found): Promise<void> {
  await onControlPlane(binaries, directory, {}, async ({ service, bare, shell }) => {
    const latencies = await takeTurns(rounds.oneByOne, { service, bare, shell }, (lane, name) =>
      // One run by hand takes as long as all twenty runs of the others.
      oneAtATime(name === 'shell' ? 1 : oneByOne, lane),
    );
    found(
      comparedDurations({
        what: '`POST /v1/kubeconfigs`, one at a time: its time, as a multiple of the bare calls’',
        ours: latencies.service,
        theirs: latencies.bare,
        target: { atMost: 1.4 },
      }),
      comparedDurations({
        what: 'the procedure by hand (openssl and kubectl): its time, as a multiple of `POST /v1/kubeconfigs`’',
        ours: latencies.shell,
        theirs: latencies.service,
        target: { atLeast: 8 },
      }),
    );
    const throughput = await takeTurns(rounds.atOnce, { service, bare }, (lane) => manyAtOnce(120, atOnce, lane));
    found(
      comparedThroughput({
        what: `\`POST /v1/kubeconfigs\`, ${atOnce} at a time: its rate, as a multiple of the bare calls’`,
        ours: throughput.service,
        theirs: throughput.bare,
        target: { atLeast: 0.97 },
      }),
    );
  });
}

/** The same comparison without the controller-manager’s limit, so that the machine is the limit. */
export async function benchUnlimitedCluster(binaries: Binaries, directory: string, found: Found): Promise<void> {
  const controllerManagerFlags = { 'kube-api-qps': '10000', 'kube-api-burst': '10000' };
  await onControlPlane(binaries, directory, { controllerManagerFlags }, async ({ service, bare }) => {
    const throughput = await takeTurns(rounds.atOnce, { service, bare }, (lane) => manyAtOnce(200, atOnce, lane));
    found(
      comparedThroughput({
        what: `the same, with \`--kube-api-qps\` of the controller-manager raised until it no longer limits`,
        ours: throughput.service,
        theirs: throughput.bare,
        target: null,
      }),
    );
  });
}

interface Lanes {
  readonly service: Lane;
  readonly bare: Lane;
  readonly shell: Lane;
}

async function onControlPlane<Result>(
  binaries: Binaries,
  directory: string,
  options: ControlPlaneOptions,
  measure: (lanes: Lanes) => Promise<Result>,
): Promise<Result> {
  mkdirSync(directory);
  const plane = await startControlPlane(binaries, { ...options, etcdFlags: durable });
  try {
    const kubeconfig = await kubeconfigOfServiceAccount(plane, directory);
    const service = await ServiceUnderBench.start(join(directory, 'service'), {
      config: { clusters: [{ name: 'real', server: plane.server, signer: 'kubernetes', kubeconfig }] },
    });
    const api = new KeptConnections(plane.server, tokenIn(kubeconfig), plane.caPem);
    try {
      const lanes = lanesOn(service, new BareCalls(api), new ShellProcedure(plane, binaries.kubectl, directory));
      await warmUp(lanes);
      return await measure(lanes);
    } finally {
      api.close();
      await service.stop();
    }
  } finally {
    await plane.stop();
  }
}

function lanesOn(service: ServiceUnderBench, bare: BareCalls, shell: ShellProcedure): Lanes {
  const settled = async () => {
    await bare.untilNoneIsLeft();
    await sleep(refillMilliseconds);
  };
  return {
    service: { begin: settled, once: () => service.kubeconfig() },
    bare: {
      begin: async () => {
        await settled();
        service.hold();
        await bare.begin();
      },
      once: () => bare.once(),
      end: async () => {
        await bare.end();
        service.release();
      },
    },
    shell: {
      begin: async () => {
        await settled();
        service.hold();
      },
      once: () => shell.once(),
      end: async () => {
        await shell.end();
        service.release();
      },
    },
  };
}

/** Warms up connections, caches and compiled code, and lets the service's first probe pass. */
async function warmUp({ service, bare, shell }: Lanes): Promise<void> {
  await takeTurns(2, { service, bare }, (lane) => manyAtOnce(30, atOnce, lane));
  await takeTurns(1, { shell }, (lane) => oneAtATime(1, lane));
}

/** The service and the bare calls use the same credential. */
function tokenIn(kubeconfig: string): string {
  const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as { users: [{ user: { token: string } }] };
  return users[0].user.token;
}
