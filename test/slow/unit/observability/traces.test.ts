// Tests src/observability/traces/open-traces.ts
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTraces } from '../../../../src/observability/traces/open-traces.js';
import { OtlpReceiver } from '../../../helpers/otlp-receiver.js';

let collector: OtlpReceiver;
let log: string[];
let opened: ReturnType<typeof openTraces>[];
beforeEach(async () => {
  collector = await OtlpReceiver.start();
  log = [];
  opened = [];
  // The library reads it.
  process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '200';
});
afterEach(async () => {
  delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT'];
  for (const one of opened) await one.close();
  await collector.stop();
});

function open(url = `${collector.url}/v1/traces`) {
  const traces = openTraces({
    url,
    sampler: { kind: 'always_on', ratio: 1, parentBased: true },
    certificateAuthority: null,
    clientCertificate: null,
    log: {
      info: (_fields, message) => void log.push(message),
      warn: (fields, message) => void log.push(`${message} ${JSON.stringify(fields)}`),
    },
    batchMilliseconds: 5,
  });
  opened.push(traces);
  return traces;
}

/** Requests with a span each. */
function trace({ tracing }: ReturnType<typeof openTraces>, spans: number): void {
  for (let i = 0; i < spans; i += 1) tracing.begin(null).end('GET /x');
}

/** Listens, and never says a word. */
async function silent() {
  const sockets: { destroy(): void }[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

it.each<[string, () => Promise<{ readonly url: string; stop(): void }>, RegExp]>([
  ['refuses connections', async () => ({ url: 'http://127.0.0.1:1/v1/traces', stop: () => undefined }), /ECONNREFUSED/],
  ['never answers', silent, /no answer in time/],
])('where the collector %s, it keeps few spans, says so once, and stops soon', async (_what, begin, reason) => {
  const { url, stop } = await begin();
  const traces = open(url);
  for (let i = 0; i < 10; i += 1) {
    trace(traces, 2_000);
    await sleep(50);
  }
  await expect.poll(() => log).toEqual([expect.stringMatching(reason)]);
  trace(traces, 10_000);
  const began = performance.now();
  await traces.close();
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(log).toHaveLength(1);
  stop();
});

it('drops what is too much while a collector hangs, and sends what it kept', async () => {
  collector.answer = 'silence';
  const traces = open();
  trace(traces, 1);
  await expect.poll(() => collector.bodies.length).toBe(1);
  trace(traces, 20_000);
  collector.answer = 200;
  await expect.poll(() => collector.spans.length).toBeGreaterThan(4_000);
  await traces.close();
  expect(collector.spans.length).toBeLessThanOrEqual(4_096 + 512);
});
