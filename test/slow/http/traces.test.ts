// Tests src/observability/traces/open-traces.ts, src/model/tracing.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { kubepassRules } from '../../helpers/fake-api-server/rbac.js';
import { OtlpReceiver, type ReceivedSpan } from '../../helpers/otlp-receiver.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { WebhookReceiver } from '../../helpers/webhook-receiver.js';
import { startService, type TestService } from '../../http/support/service.js';

const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = `00-${caller.traceId}-${caller.spanId}-01`;
const parsed = (header: unknown) => {
  const [, traceId, spanId, flags] = String(header).split('-');
  return { traceId, spanId, flags };
};

let collector: OtlpReceiver;
let service: TestService | null;
beforeEach(async () => {
  collector = await OtlpReceiver.start();
  service = null;
});
afterEach(async () => {
  await service?.close();
  await collector.stop();
});

/** The spans have arrived when this resolves, because a service that stops sends the last ones. */
async function stop(): Promise<void> {
  await service?.close();
  service = null;
}

const traced = (environment: Readonly<Record<string, string>> = {}) => ({
  environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment },
});

const messages = ({ log }: TestService) =>
  log()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

describe('a service whose cluster signs', () => {
  const directory = temporaryDirectory();
  let server: FakeApiServer;
  let hook: WebhookReceiver;
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  beforeEach(async () => {
    server = await FakeApiServer.start();
    hook = await WebhookReceiver.start();
    server.rbac.allowUser('kubepass', kubepassRules);
    service = await startService({
      ...traced(),
      overrides: { webhookRoundMilliseconds: 20 },
      config: `
clusters:
  - name: demo
    server: ${server.url}
    signer: kubernetes
    kubeconfig: ${file('kubeconfig', await server.kubeconfig({ username: 'kubepass' }))}
webhooks:
  - name: chat
    url: ${hook.url}
    secretFile: ${file('secret', `whsec_${Buffer.alloc(24, 7).toString('base64')}\n`)}
    certificateAuthority: ${file('hook.crt', hook.caPem)}
    events: [issued]
`,
    });
  });
  afterEach(async () => {
    await server.close();
    await hook.stop();
  });

  it('tells one trace from the caller through decision, commits, signature and calls, to the webhook', async () => {
    const { pem } = await csrFor('jane-the-secret', ['team-hidden']);
    await service
      ?.as('hr-system')('post', '/v1/certificate-requests')
      .set('traceparent', traceparent)
      .set('prefer', 'wait=10')
      .set('x-request-id', 'request-of-jane')
      .send({ csr: pem, reason: 'a-hidden-reason' })
      .expect(201);
    const [delivered] = await hook.until(1);
    const token = service?.tokenOf('hr-system') ?? '';
    const lines = service === null ? [] : messages(service);
    await stop();

    const root = collector.named('POST /v1/certificate-requests');
    expect(root).toMatchObject({ ...{ traceId: caller.traceId, parentSpanId: caller.spanId }, kind: 2 });
    expect(root.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/certificate-requests',
      'http.response.status_code': 201,
    });
    const ofTrace = collector.spans.filter(({ traceId }) => traceId === caller.traceId);
    const under = (span: ReceivedSpan) => ofTrace.filter(({ parentSpanId }) => parentSpanId === span.spanId);
    const names = (spans: readonly ReceivedSpan[]) => spans.map(({ name }) => name).sort();
    // The object is created beside the first commit, and deleted when everything is recorded.
    expect(names(under(root))).toEqual(
      expect.arrayContaining(['commit', 'commit', 'decide', 'sign', 'POST certificatesigningrequests', 'POST webhook']),
    );
    const [sign] = under(root).filter(({ name }) => name === 'sign');
    if (sign === undefined) throw new Error('nothing was signed');
    expect(names(under(sign))).toContain('PUT certificatesigningrequests/approval');
    // Everything hangs on the caller's span.
    const known = new Set([caller.spanId, ...ofTrace.map(({ spanId }) => spanId)]);
    expect(ofTrace.filter(({ parentSpanId }) => !known.has(parentSpanId))).toEqual([]);

    // Each call took its own span to the other side.
    const calls = server.requests.map((line, i) => [line, server.traceparents[i]] as const);
    // The probe of the cluster calls beside them, in no trace.
    const callOf = (start: string) =>
      calls.find(([line, traced]) => line.startsWith(start) && traced !== undefined)?.[1];
    expect(parsed(callOf('POST /apis/certificates.k8s.io'))).toEqual({
      ...{ traceId: caller.traceId, flags: '01' },
      spanId: collector.named('POST certificatesigningrequests').spanId,
    });
    expect(parsed(callOf('PUT /apis/certificates.k8s.io')).spanId).toBe(
      collector.named('PUT certificatesigningrequests/approval').spanId,
    );
    expect(parsed(delivered?.headers['traceparent'])).toEqual({
      ...{ traceId: caller.traceId, flags: '01' },
      spanId: collector.named('POST webhook').spanId,
    });
    // The watch serves everybody, and belongs to no trace.
    expect(calls.filter(([line]) => line.startsWith('WATCH')).map(([, header]) => header)).toContain(undefined);
    expect(calls.filter(([line, header]) => line.startsWith('WATCH') && header !== undefined)).toEqual([]);

    expect(lines.find(({ msg, status }) => msg === 'request answered' && status === 201)).toMatchObject({
      traceId: caller.traceId,
    });
    const sent = collector.bodies.join('\n');
    expect(sent).toContain('kubepass');
    for (const hidden of [
      ...['jane-the-secret', 'team-hidden', 'hr-system', 'onboarding', 'a-hidden-reason', 'request-of-jane'],
      ...[token, pem.split('\n')[1] ?? '', 'PRIVATE KEY', 'whsec_', 'room=1', directory.path],
    ])
      expect(sent).not.toContain(hidden);
  });

  it('names the kind of an error in a span, and not its message', async () => {
    server.fail({
      to: /PUT .*approval/,
      times: 100,
      answer: { status: 422, body: '{"message":"jane is not welcome"}' },
    });
    const { pem } = await csrFor('jane', ['team-a']);
    await service
      ?.as('hr-system')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=10')
      .send({ csr: pem })
      .expect(201);
    await stop();
    expect(collector.named('sign')).toMatchObject({
      status: { code: 2 },
      attributes: { 'error.type': 'SigningRefusedError' },
    });
    expect(collector.bodies.join('\n')).not.toContain('welcome');
  });

  it('follows a caller who wants no spans, and passes its trace on all the same', async () => {
    const { pem } = await csrFor('jane', ['team-a']);
    await service
      ?.as('hr-system')('post', '/v1/certificate-requests')
      .set('traceparent', traceparent.replace(/01$/, '00'))
      .set('prefer', 'wait=10')
      .send({ csr: pem })
      .expect(201);
    const [delivered] = await hook.until(1);
    await stop();
    expect(collector.spans.filter(({ traceId }) => traceId === caller.traceId)).toEqual([]);
    expect(parsed(delivered?.headers['traceparent'])).toMatchObject({ traceId: caller.traceId, flags: '00' });
  });
});

it.each([
  ['no hexadecimal digits', `00-${'z'.repeat(32)}-${'b'.repeat(16)}-01`],
  ['zeros', `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`],
  ['a line of the log', '","level":"fatal","msg":"hacked'],
  ['thousands of characters', 'a'.repeat(8_000)],
])('begins a trace of its own for a traceparent of %s', async (_what, header) => {
  service = await startService(traced());
  await service.as('alice')('get', '/v1/whoami').set('traceparent', header).expect(200);
  const [line] = messages(service).filter(({ path }) => path === '/v1/whoami');
  await stop();
  const { traceId, parentSpanId } = collector.named('GET /v1/whoami');
  expect(parentSpanId).toBe('');
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(line?.['traceId']).toBe(traceId);
});

it('has no spans of health checks, and names no path that no route has', async () => {
  service = await startService(traced());
  await service.anonymous('get', '/readyz').expect(200);
  await service.anonymous('get', '/jane/secret').expect(404);
  await stop();
  expect(collector.spans.map(({ name }) => name)).toEqual(['GET']);
  expect(collector.bodies.join()).not.toContain('jane');
});

it('takes the name of the service, headers and sampler from the environment, and logs no header', async () => {
  process.env['OTEL_EXPORTER_OTLP_HEADERS'] = 'authorization=Bearer%20collector-secret';
  process.env['OTEL_SERVICE_NAME'] = 'kubepass-eu';
  try {
    service = await startService(traced({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }));
    await service.as('alice')('get', '/v1/whoami').expect(200);
    await service.as('alice')('get', '/v1/policies').set('traceparent', traceparent).expect(200);
    const log = service.log();
    await stop();
    expect(collector.spans.map(({ name }) => name)).toEqual(['GET /v1/policies']);
    expect(collector.resource['service.name']).toBe('kubepass-eu');
    expect(collector.headers[0]).toMatchObject({ authorization: 'Bearer collector-secret' });
    expect(collector.paths).toEqual(['/v1/traces']);
    expect(log).not.toContain('collector-secret');
  } finally {
    delete process.env['OTEL_EXPORTER_OTLP_HEADERS'];
    delete process.env['OTEL_SERVICE_NAME'];
  }
});

it('without a collector names the trace of the caller in log lines, and sends nothing on', async () => {
  service = await startService();
  await service.as('alice')('get', '/v1/whoami').set('traceparent', traceparent).expect(200);
  await service.as('alice')('get', '/v1/whoami').set('traceparent', `${traceparent}-`).expect(200);
  const lines = messages(service).filter(({ path }) => path === '/v1/whoami');
  expect(lines.map(({ traceId }) => traceId)).toEqual([caller.traceId, undefined]);
});

it.each<[string, () => string]>([
  ['refuses connections', () => 'http://127.0.0.1:1'],
  ['takes requests and never answers', () => collector.url],
])('issues as ever while the collector %s, and says so once', async (_what, url) => {
  collector.answer = 'silence';
  process.env['OTEL_EXPORTER_OTLP_TIMEOUT'] = '300';
  try {
    const down = await startService({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: url() } });
    service = down;
    const told = () => messages(down).filter(({ msg }) => String(msg).startsWith('the collector of traces takes no'));
    const issue = () =>
      down
        .as('alice')('post', '/v1/kubeconfigs')
        .send({ username: 'jane', groups: ['team-a'] })
        .expect(201);
    for (let i = 0; i < 20; i += 1) {
      const began = performance.now();
      await issue();
      expect(performance.now() - began).toBeLessThan(2_000);
    }
    await expect.poll(() => told().length, { timeout: 10_000 }).toBe(1);
    for (let i = 0; i < 20; i += 1) await issue();
    await stop();
    expect(told()).toHaveLength(1);
  } finally {
    delete process.env['OTEL_EXPORTER_OTLP_TIMEOUT'];
  }
});
