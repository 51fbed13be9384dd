/**
 * `npm run bench:hostile` lets every attack loose on a service that serves over TLS, beside a portal that issues 50
 * certificates a second. The portal alone and the portal beside the attacks take turns, so that the drift of the
 * machine counts for both. It ends with 1 if the portal waits more than twice as long (p99), or if the portal, an API
 * server or a holder of a certificate gets another answer than it should.
 *
 * The service has the memory settings of its image, and the heap of the pod of deploy/kubernetes.
 *
 * The attackers are a process of their own at the lowest priority, and each attack has a rate (`hostile-attackers.ts`):
 * they take what the portal and the service leave of the processors. The last lines tell how long the service had work
 * and no processor.
 *
 *   -- --seconds N       default 600
 *   -- --only TEXT       only the attacks with this in their names; default: all
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '@kubepass/x509';
import { KeptConnections } from '../kept-connections.js';
import { processorMilliseconds, threadTimes } from '../process-figures.js';
import { servingPair } from '../../test/cluster/serving-pair.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { memoryLimitMebibytes, memorySettings } from '../../test/helpers/image.js';
import { temporaryDirectory } from '../../test/helpers/temporary-directory.js';
import type { AttackOrder, AttackReport, AttackTarget } from './hostile-order.js';
import { SoakedService } from './soaked-service.js';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, only: { type: 'string', default: '' } },
});
const seconds = Number(options.seconds);

const perSecond = 50;
const probeMilliseconds = 5;
const answerSeconds = 30;
/** A turn of the portal alone, and one beside the attacks, take so many seconds at most. */
const roundSeconds = 30;
const partAlone = 1 / 3;
/** The attackers get so long to connect, and the service to forget them, before a turn is measured. */
const settleSeconds = 2;
const mostTimes = 2;
/** More errors than this tell nothing new. */
const mostErrors = 100;

const say = (text: string): void => console.error(`soak: ${text}`);

const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? NaN;

const worstOf = (values: readonly number[]): number => values.reduce((worst, each) => Math.max(worst, each), 0);

/** The milliseconds of each call of the turns of one kind. */
interface Seen {
  readonly portal: number[];
  readonly probes: number[];
  /** Processor time of the service, and the time for which its threads waited for a processor. */
  busy: number;
  waiting: number;
}
const nothingSeen = (): Seen => ({ portal: [], probes: [], busy: 0, waiting: 0 });

/** The wrong answers, each with how often it came. */
const errors = new Map<string, number>();
let errorCount = 0;
function count(error: string, times = 1): void {
  errors.set(error, (errors.get(error) ?? 0) + times);
  errorCount += times;
}

async function inTime(call: Promise<unknown>, what: string): Promise<boolean> {
  const late = new AbortController();
  try {
    await Promise.race([
      call,
      sleep(answerSeconds * 1000, null, { signal: late.signal }).then(() => {
        throw new Error(`no answer in ${String(answerSeconds)} s`);
      }),
    ]);
    return true;
  } catch (error) {
    count(`${what}: ${messageOf(error).slice(0, 200)}`);
    return false;
  } finally {
    late.abort();
  }
}

/**
 * Begins a call so often for so long, also if earlier ones have no answer yet. The time counts from when a call should
 * begin.
 */
async function work(
  portal: KeptConnections,
  csrs: readonly string[],
  forSeconds: number,
  seen: number[],
): Promise<void> {
  const began = performance.now();
  const calls: Promise<void>[] = [];
  for (let i = 0; i < forSeconds * perSecond && errorCount < mostErrors; i++) {
    const due = began + (i * 1000) / perSecond;
    await sleep(Math.max(0, due - performance.now()));
    const body = { csr: csrs[i % csrs.length] };
    const call = portal.expect(201, 'POST', '/v1/certificate-requests', body, { prefer: 'wait=30' });
    calls.push(
      inTime(call, 'the portal').then((isAnswered) => {
        if (isAnswered) seen.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(calls);
}

/** Asks for `/livez` each 5 ms; a call that is late delays the next one. */
async function probe(caller: KeptConnections, isOver: () => boolean, seen: number[]): Promise<void> {
  while (!isOver() && errorCount < mostErrors) {
    const began = performance.now();
    if (await inTime(caller.expect(200, 'GET', '/livez'), 'a probe')) seen.push(performance.now() - began);
    await sleep(Math.max(0, began + probeMilliseconds - performance.now()));
  }
}

/** Reads a figure of the service's process; 0 where that has ended. */
function ofProcess(read: () => number): number {
  try {
    return read();
  } catch {
    return 0;
  }
}

/** The resident memory of a process in MiB now. */
const residentMebibytes = (pid: number): number =>
  ofProcess(
    () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0) / 1024,
  );

async function prepare(service: SoakedService, ca: string): Promise<{ target: AttackTarget; portal: string }> {
  const { api, origin } = service;
  const made = async (name: string, role: string, more: object = {}) => {
    const text = await api.expect(201, 'POST', '/v1/api-tokens', { name, roles: [role], ...more });
    return (JSON.parse(text) as { token: string }).token;
  };
  const cluster = 'demo';
  const [portal, requester, auditor, connector, reviewer] = [
    await made('portal', 'requester'),
    await made('thief', 'requester'),
    await made('auditor', 'auditor'),
    await made('connector', 'directory'),
    await made('api-server', 'reviewer', { cluster, expiresInSeconds: null }),
  ];
  const held = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const username = `holder-${String(i)}`;
      const { pem, keyPair } = await csrFor(username, ['team-a']);
      const text = await api.expect(201, 'POST', '/v1/certificate-requests', { csr: pem }, { prefer: 'wait=30' });
      const { certificate } = JSON.parse(text) as { certificate: { fingerprintSha256: string } };
      const key = keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      return { fingerprint: certificate.fingerprintSha256, key, username };
    }),
  );
  const person = new KeptConnections(origin, connector, ca);
  const created = async (type: string, attributes: object) => {
    const body = Buffer.from(
      JSON.stringify({ schemas: [`urn:ietf:params:scim:schemas:core:2.0:${type}`], ...attributes }),
    );
    const text = await person.expect(201, 'POST', `/scim/v2/${type}s`, body, {
      'content-type': 'application/scim+json',
    });
    return (JSON.parse(text) as { id: string }).id;
  };
  const directory = {
    Users: await created('User', { userName: 'joiner' }),
    Groups: await created('Group', { displayName: 'team-a' }),
  };
  person.close();
  return {
    target: {
      origin,
      ca,
      cluster,
      only: options.only,
      tokens: { requester, auditor, connector, reviewer },
      held,
      directory,
    },
    portal,
  };
}

async function tell(attackers: ChildProcess, order: AttackOrder): Promise<AttackReport | null> {
  if (!attackers.connected) return null;
  const answered = once(attackers, 'message');
  attackers.send(order);
  return order.attack ? null : ((await answered) as [AttackReport])[0];
}

const directory = temporaryDirectory();
let service: SoakedService | undefined;
let attackers: ChildProcess | undefined;
try {
  const { caFile, pair } = await servingPair(directory.path);
  const ca = readFileSync(caFile, 'utf8');
  const { flags, arenas } = memorySettings();
  // Node gives the heap half of the memory of a pod. It takes no option about signals from the environment.
  const ofMemory = flags.filter((flag) => flag !== '--disable-sigusr1');
  const inPod = {
    MALLOC_ARENA_MAX: arenas,
    NODE_OPTIONS: [...ofMemory, `--max-old-space-size=${String(memoryLimitMebibytes() / 2)}`].join(' '),
  };
  service = await SoakedService.start(directory.path, { KUBEPASS_BUDGETS: '', ...inPod }, { ...pair, ca });
  const pid = service.pid ?? 0;
  const { target, portal: portalToken } = await prepare(service, ca);
  const connections = () => new KeptConnections(target.origin, portalToken, ca);
  const [portal, prober] = [connections(), connections()];
  const csrs = await Promise.all(
    Array.from({ length: 64 }, async (_, i) => (await csrFor(`person-${String(i)}`, ['team-a'])).pem),
  );
  attackers = fork(fileURLToPath(new URL('./hostile-attackers.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  });
  await tell(attackers, { attack: false, target });

  const alone = nothingSeen();
  const beside = nothingSeen();
  let peak = 0;
  const measure = async (forSeconds: number, seen: Seen) => {
    const busy = () => ofProcess(() => processorMilliseconds(pid));
    const waiting = () =>
      ofProcess(() =>
        threadTimes(pid)
          .values()
          .reduce((sum, thread) => sum + thread.waiting, 0),
      );
    const [busyBefore, waitingBefore] = [busy(), waiting()];
    let over = false;
    const look = setInterval(() => (peak = Math.max(peak, residentMebibytes(pid))), 200);
    const probing = probe(prober, () => over, seen.probes);
    await work(portal, csrs, forSeconds, seen.portal);
    over = true;
    await probing;
    clearInterval(look);
    seen.busy += busy() - busyBefore;
    seen.waiting += waiting() - waitingBefore;
  };

  await measure(10, nothingSeen());
  const before = await service.memory();
  peak = 0;
  const rounds = Math.max(1, Math.ceil(seconds / roundSeconds));
  let report: AttackReport | null = null;
  for (let round = 1; round <= rounds && errorCount < mostErrors; round++) {
    await measure((seconds / rounds) * partAlone, alone);
    await tell(attackers, { attack: true });
    await sleep(settleSeconds * 1000);
    await measure((seconds / rounds) * (1 - partAlone), beside);
    report = await tell(attackers, { attack: false });
    say(
      `round ${String(round)} of ${String(rounds)}: p99 ${percentile(alone.portal, 0.99).toFixed(0)} ms alone, ` +
        `${percentile(beside.portal, 0.99).toFixed(0)} ms beside the attacks, ${String(errorCount)} errors`,
    );
    await sleep(settleSeconds * 1000);
  }
  const after = errorCount < mostErrors ? await service.memory() : { heap: NaN, resident: NaN };

  for (const [what, times] of report?.counts.toSorted() ?? []) console.log(`${what}: ${times.toLocaleString('en')}`);
  const inWords = ({ portal: calls, probes, busy, waiting }: Seen) =>
    `${String(calls.length)} certificates, half within ${percentile(calls, 0.5).toFixed(1)} ms, p99 ${percentile(calls, 0.99).toFixed(1)} ms, ` +
    `worst ${worstOf(calls).toFixed(0)} ms; of ${String(probes.length)} probes p99 ${percentile(probes, 0.99).toFixed(1)} ms, ` +
    `the worst stall ${worstOf(probes).toFixed(0)} ms; the service worked for ${(busy / 1000).toFixed(1)} s, ` +
    `and waited for a processor for ${(waiting / 1000).toFixed(1)} s`;
  console.log(`the portal alone: ${inWords(alone)}`);
  console.log(`beside the attacks: ${inWords(beside)}`);
  console.log(
    `resident memory: ${before.resident.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB at most, ${after.resident.toFixed(0)} MiB after; ` +
      `heap ${before.heap.toFixed(0)} MiB before, ${after.heap.toFixed(0)} MiB after`,
  );
  portal.close();
  prober.close();
  const ratio = percentile(beside.portal, 0.99) / percentile(alone.portal, 0.99);
  console.log(`the portal's p99 beside the attacks is ${ratio.toFixed(2)} times that of the portal alone`);
  for (const [what, times] of report?.wrong ?? []) count(what, times);
  for (const [error, times] of errors) say(`${error}: ${times.toLocaleString('en')} times`);
  if (!(ratio <= mostTimes) || errorCount > 0) process.exitCode = 1;
} finally {
  attackers?.disconnect();
  await service?.stop();
  directory.remove();
}
