import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csrFor } from '../helpers/csr.js';
import { hostileUploads } from './support/hostile-uploads.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
let pem: string;
const made = new Map<string, Buffer>();
beforeAll(async () => {
  service = await startService();
  pem = readFileSync(join(service.dataDir, 'ca', 'ca.crt'), 'utf8');
});
afterAll(() => service.close());

/** Those that need a password to do harm are given one. */
const inspect = (upload: Buffer) =>
  service.as('alice')('post', '/v1/inspections').attach('file', upload, 'upload').field('password', 'secret');

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

function send(upload: Buffer): Promise<Response> {
  const body = new FormData();
  body.set('file', new Blob([new Uint8Array(upload)]));
  body.set('password', 'secret');
  const headers = { authorization: `Bearer ${service.tokenOf('alice')}` };
  return fetch(new URL('/v1/inspections', service.address), { method: 'POST', headers, body });
}

/** Issues certificates one after the other while the work goes on; how many milliseconds each took. */
async function issueDuring(work: Promise<unknown>): Promise<readonly number[]> {
  const { pem: csr } = await csrFor('jane', ['team-a']);
  const issuing: number[] = [];
  const state = { done: false };
  const settled = work.finally(() => (state.done = true));
  settled.catch(() => undefined);
  while (!state.done) {
    const since = performance.now();
    await service
      .as('alice')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=10')
      .send({ csr, expirationSeconds: 600 })
      .expect(201);
    issuing.push(performance.now() - since);
  }
  await settled;
  return issuing;
}

describe('an upload that is', () => {
  it.each(Object.keys(hostileUploads))('%s is answered in bounded time and memory', async (name) => {
    const upload = await hostileUploads[name]!(pem);
    made.set(name, upload);
    expect(upload.length).toBeLessThanOrEqual(1024 * 1024);
    const before = process.memoryUsage().rss;
    const since = performance.now();
    const answer = await inspect(upload);
    const milliseconds = performance.now() - since;
    expect([200, 400, 413, 422], answer.text).toContain(answer.status);
    // 2 s of work, and a worker that may have to be started first.
    expect(milliseconds).toBeLessThan(5000);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
    if (answer.status === 200) expect(as.inspection(answer).objects.length).toBeLessThanOrEqual(201);
  });

  it('followed by one that is not, does not harm it', async () => {
    expect(as.inspection(await inspect(Buffer.from(pem)).expect(200)).objects).toMatchObject([
      { type: 'Certificate', role: 'CA' },
    ]);
  });
});

describe('issuing', () => {
  it('keeps its latency while hostile uploads are inspected', async () => {
    const all = async () => {
      const queue = [...made.values()];
      await Promise.all(
        [1, 2, 3, 4].map(async () => {
          // Checking the answers would keep this very event loop busy.
          for (let upload = queue.shift(); upload; upload = queue.shift()) await (await send(upload)).arrayBuffer();
        }),
      );
    };
    const alone = await issueDuring(setTimeout(1000));
    const meanwhile = await issueDuring(all());
    expect(meanwhile.length).toBeGreaterThan(20);
    expect(median(meanwhile)).toBeLessThan(3 * median(alone) + 25);
    // Nothing ever waits for an upload to be through.
    expect(Math.max(...meanwhile)).toBeLessThan(2000);
  }, 60_000);
});
