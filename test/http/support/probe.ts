import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, get as getHttp } from 'node:http';
import { Agent as HttpsAgent, get as getHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMilliseconds } from '../../helpers/cpu-milliseconds.js';

/** How long another caller waited for `/livez` while something went on, and how much memory that took. */
export interface Probed<T> {
  /** The value of the work. */
  readonly value: T;
  /** In milliseconds: 99 of 100 calls waited no longer. */
  readonly p99: number;
  /** In milliseconds. */
  readonly longest: number;
  /** How many calls were made. */
  readonly calls: number;
  /** By how many octets the process of the service grew at most. */
  readonly growth: number;
}

/** Where the service is, and its process; default: this one. */
export interface Probe {
  readonly address: string;
  readonly pid?: number;
}

const everyMilliseconds = 5;

/**
 * Calls `/livez` every 5 ms, on a connection of its own, for as long as the work goes on. A wait is the processor time
 * that the main thread of the service took between the call and its answer, because wall time says how busy the machine
 * is. Where the system does not tell (only Linux does) it is the wall time. While one call waits, the ones that were
 * due count as waiting too.
 */
export async function probed<T>({ address, pid = process.pid }: Probe, work: () => Promise<T>): Promise<Probed<T>> {
  const isTls = address.startsWith('https:');
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, rejectUnauthorized: false })
    : new HttpAgent({ keepAlive: true });
  const call = () =>
    new Promise<void>((resolve, reject) => {
      const options = { agent };
      const request = (isTls ? getHttps : getHttp)(`${address}/livez`, options, (response) => {
        if (response.statusCode !== 200) reject(new Error(`/livez answered ${response.statusCode ?? ''}`));
        response.resume().once('end', () => resolve());
      });
      request.once('error', reject);
    });
  await call();
  const before = memoryOf(pid);
  let growth = 0;
  const over = new AbortController();
  const waits: number[] = [];
  const probing = (async () => {
    let [due, busy] = [performance.now(), processorTimeOf(pid)];
    while (!over.signal.aborted) {
      await call();
      const [now, busyNow] = [performance.now(), processorTimeOf(pid)];
      const wait = busy === null || busyNow === null ? now - due : Math.min(now - due, busyNow - busy);
      for (let left = wait; left > 0; left -= everyMilliseconds) waits.push(left);
      growth = Math.max(growth, memoryOf(pid) - before);
      busy = busyNow;
      due = Math.max(due + everyMilliseconds, now);
      await sleep(due - now);
    }
  })();
  try {
    const value = await Promise.race([work(), probing.then(() => Promise.reject(new Error('the probe ended')))]);
    over.abort();
    await probing;
    const sorted = waits.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
    return { value, p99: at(0.99), longest: at(1), calls: sorted.length, growth };
  } finally {
    over.abort();
    agent.destroy();
  }
}

/** Milliseconds that the main thread of a process has run; null where the system does not tell. */
function processorTimeOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return null;
  }
}

/** The octets of a process that are in memory; 0 where the system does not tell. */
export function memoryOf(pid: number): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return pages * 4096;
  } catch {
    return 0;
  }
}

/** In processor time, on a machine of today that does nothing else. */
const usualMilliseconds = 15;
const work = JSON.stringify(
  Array.from({ length: 20_000 }, (_, i) => ({ name: `name-${i}`, groups: ['a', String(i)], i })),
);

/**
 * How many times slower than usual this machine is now, at least 1: others take the caches of a processor, and one half
 * of a core. Multiply a bound with it.
 */
export function slowness(): number {
  const times = Array.from({ length: 5 }, () => {
    const before = cpuMilliseconds();
    JSON.stringify(JSON.parse(work));
    return cpuMilliseconds() - before;
  });
  return Math.max(1, Math.max(...times) / usualMilliseconds);
}
