// Tests src/observability/traces/open-traces.ts, src/model/tracing.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTraceparent, traceparentOf, untraced } from '../../../src/model/tracing.js';
import { openTraces } from '../../../src/observability/traces/open-traces.js';
import { OtlpReceiver } from '../../helpers/otlp-receiver.js';

let collector: OtlpReceiver;
let log: string[];
let opened: ReturnType<typeof openTraces>[];
beforeEach(async () => {
  collector = await OtlpReceiver.start();
  log = [];
  opened = [];
  // The library reads it.
  process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '600000';
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

it('says once that the collector refuses, and once that it takes spans again', async () => {
  collector.answer = 401;
  const traces = open();
  for (let i = 0; i < 5; i += 1) {
    trace(traces, 1);
    await expect.poll(() => collector.bodies.length).toBe(i + 1);
  }
  const refused = 'the collector of traces takes no spans: they are dropped until it does {"reason":"it answers 401"}';
  await expect.poll(() => log).toEqual([refused]);
  collector.answer = 200;
  trace(traces, 1);
  await expect.poll(() => log).toEqual([refused, 'the collector of traces takes spans again']);
});

it('gives work that nobody waits for no span, and work of a kept trace its trace', async () => {
  const { tracing, close } = open();
  expect(await tracing.span('alone', () => Promise.resolve(tracing.traceId()))).toBeNull();
  const request = tracing.begin(null);
  const work: Promise<unknown>[] = [];
  request.run(() => {
    tracing.keep('msg_1');
    work.push(tracing.span('inner', () => tracing.outside(() => tracing.span('outside', () => Promise.resolve()))));
  });
  request.end('GET /x');
  await Promise.all(work);
  const resume = (id: string) => tracing.resume(id, id, {}, ({ traceparent }) => Promise.resolve(traceparent));
  expect(await resume('msg_1')).toContain(request.traceId);
  expect(await resume('msg_2')).not.toContain(request.traceId);
  await close();
  expect(collector.spans.map(({ name }) => name).sort()).toEqual(['GET /x', 'inner', 'msg_1', 'msg_2']);
});

it('forgets the oldest of ten thousand kept traces', async () => {
  const { tracing } = open();
  const first = tracing.begin(null);
  first.run(() => {
    for (let i = 0; i <= 10_000; i += 1) tracing.keep(String(i));
  });
  const traceOf = (id: string) => tracing.resume(id, 'x', {}, ({ traceparent = '' }) => Promise.resolve(traceparent));
  expect(await traceOf('0')).not.toContain(first.traceId);
  expect(await traceOf('1')).toContain(first.traceId);
});

it('just runs all work where nobody collects traces', async () => {
  const headers = await untraced.call('x', {}, (given) => Promise.resolve(given));
  expect([headers, untraced.traceId()]).toEqual([{}, null]);
  await expect(untraced.span('x', () => Promise.reject(new Error('kept')))).rejects.toThrow('kept');
});

const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];

it('reads what W3C Trace Context permits', () => {
  const header = `00-${traceId}-${spanId}-01`;
  expect(readTraceparent(header)).toEqual({ traceId, spanId, sampled: true });
  expect(readTraceparent(`00-${traceId}-${spanId}-00`)).toEqual({ traceId, spanId, sampled: false });
  // Section 3.2.4: of a higher version, the parts that are known.
  expect(readTraceparent(`cc-${traceId}-${spanId}-03-what-comes`)).toEqual({ traceId, spanId, sampled: true });
  expect(traceparentOf({ traceId, spanId, sampled: true })).toBe(header);
});

it.each([
  undefined,
  [`00-${traceId}-${spanId}-01`],
  '',
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId}-${spanId}-1`,
  `00-${traceId}-${spanId}`,
  `0-${traceId}-${spanId}-01`,
  `ff-${traceId}-${spanId}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  ` 00-${traceId}-${spanId}-01`,
  `00-${traceId}-${spanId}-01\n`,
  `00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`,
  `cc-${traceId}-${spanId}-01-${'x'.repeat(1_000)}`,
])('takes %j for no traceparent', (header) => {
  expect(readTraceparent(header)).toBeNull();
});
