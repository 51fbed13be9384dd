import { mkdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePolicySet } from '../src/policy/parse-policy-set.js';
import { openSqliteStore } from '../src/store/sqlite/open-sqlite-store.js';
import { seedRequests } from '../test/helpers/recorded-requests.js';
import { quantile } from './measure.js';
import { figureOf, inUnit, type Found, type Row } from './report.js';
import { benchPolicies, ServiceUnderBench } from './service-under-bench.js';

const recorded = 100_000;
/** The limits for a replay of that many requests: seconds, and MiB of memory on top of the idle service. */
const [maxSeconds, maxMebibytes] = [60, 256];
/** Requests for a kubeconfig, one after the other: without a replay, and during one. */
const [requests, rounds] = [150, 3];

/** The same policies with a shorter maximum lifetime. A third of the requests ask for more. */
const draft = benchPolicies.replace('86400', '7200');

/** Measures a replay of one year of requests, and its effect on issuing. */
export async function benchReplay(directory: string, found: Found): Promise<void> {
  await seed(directory);
  const service = await ServiceUnderBench.start(directory);
  try {
    for (let i = 0; i < 50; i++) await service.kubeconfig();
    const idle = service.memory().now;
    const began = performance.now();
    const summary = await replay(service);
    const seconds = (performance.now() - began) / 1000;
    const taken = service.memory().peak - idle;
    const of = `a replay of ${recorded.toLocaleString('en')} recorded requests`;
    found(
      figureOf(`${of}: its time`, [seconds], 's', { target: { atMost: maxSeconds }, details: summary }),
      figureOf(`${of}: the memory it takes`, [taken], 'MiB', {
        target: { atMost: maxMebibytes },
        details: `on top of ${inUnit(idle, 'MiB')}`,
      }),
    );
    const alone: number[][] = [];
    const beside: number[][] = [];
    for (let round = 0; round < rounds; round++) {
      alone.push(await latencies(service));
      const underWay = await begin(service);
      underWay.resume();
      beside.push(await latencies(service));
      if (underWay.complete) throw new Error('the replay was over before the requests beside it');
      underWay.destroy();
    }
    const compared = (q: number, target: Row['target']): Row => ({
      what: `\`POST /v1/kubeconfigs\` beside a replay, one at a time: the ${q * 100}th percentile of its time, as a multiple of that without`,
      figure: quantile(beside.flat(), q) / quantile(alone.flat(), q),
      unit: 'times',
      byRound: beside.map((round, i) => quantile(round, q) / quantile(alone[i]!, q)),
      target,
      details: `${inUnit(quantile(beside.flat(), q), 'ms')} against ${inUnit(quantile(alone.flat(), q), 'ms')}`,
    });
    found(compared(0.5, { atMost: 1.5 }), compared(0.99, null));
  } finally {
    await service.stop();
  }
}

async function seed(directory: string): Promise<void> {
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const parsed = parsePolicySet([{ path: 'bench.yaml', text: benchPolicies }]);
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  const store = await openSqliteStore({ file: join(dataDir, 'kubepass.db') });
  await seedRequests(store, recorded, { policySet: parsed.policySet, from: new Date('2025-01-01T00:00:00Z') });
  await store.close();
}

/**
 * Starts a replay and returns when its answer has begun. If another replay was left a moment ago, this waits for its
 * end.
 */
async function begin(service: ServiceUnderBench): Promise<IncomingMessage> {
  for (;;) {
    const body = { policies: [draft], before: '2026-06-01T00:00:00Z' };
    const response = await service.api.open('POST', '/v1/policies/replay', body, { accept: 'application/x-ndjson' });
    if (response.statusCode === 200) return response.on('error', () => undefined);
    if (response.statusCode !== 503) throw new Error(`a replay was answered with ${response.statusCode}`);
    response.resume();
    await sleep(200);
  }
}

/** Reads a replay to its end, and returns the number of changes in words. */
async function replay(service: ServiceUnderBench): Promise<string> {
  const response = await begin(service);
  let last = '';
  response.setEncoding('utf8');
  for await (const chunk of response) last = ((last.endsWith('\n') ? '' : last) + (chunk as string)).trimStart();
  const summary = JSON.parse(last.trimEnd().split('\n').at(-1) ?? '') as {
    readonly type: string;
    readonly requests: number;
    readonly changed: { readonly requests: number };
  };
  if (summary.type !== 'summary' || summary.requests !== recorded) throw new Error(`not complete: ${last}`);
  return `${summary.changed.requests.toLocaleString('en')} of them changed`;
}

async function latencies(service: ServiceUnderBench): Promise<number[]> {
  const durations: number[] = [];
  for (let i = 0; i < requests; i++) {
    const began = performance.now();
    await service.kubeconfig();
    durations.push(performance.now() - began);
  }
  return durations;
}
