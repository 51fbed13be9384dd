// Tests src/programs/run-service.ts, src/observability/traces/open-traces.ts, src/observability/logger.ts
import { expect, it } from 'vitest';
import { OtlpReceiver } from '../../helpers/otlp-receiver.js';
import { useProcesses } from '../../http/support/serving-process.js';

const { start } = useProcesses();

/**
 * Tells at the end how many modules of OpenTelemetry's SDK were loaded. The library for metrics loads the API. With
 * source maps each module is loaded by itself, not from a bundle.
 */
const watchingModules = (): Readonly<Record<string, string>> => ({
  NODE_OPTIONS: `--enable-source-maps --import "data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    let loaded = 0;
    registerHooks({ resolve(name, context, next) { if (/^@opentelemetry.(sdk|exporter)/.test(name)) loaded += 1; return next(name, context); } });
    process.on('exit', () => console.log(JSON.stringify({ msg: 'modules of OpenTelemetry', loaded })));
  `).replaceAll("'", '%27')}"`,
});

it('loads nothing of OpenTelemetry where nobody collects traces, and stops soon where a collector hangs', async () => {
  const collector = await OtlpReceiver.start();
  collector.answer = 'silence';
  const plain = start({ environment: watchingModules() });
  await fetch(`${await plain.address()}/livez`);
  plain.child.kill('SIGTERM');
  await plain.ended;
  expect(plain.said('modules of OpenTelemetry')).toMatchObject({ loaded: 0 });

  const traced = start({ environment: { ...watchingModules(), OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  const address = await traced.address();
  for (let i = 0; i < 20; i += 1) expect((await fetch(`${address}/v1/whoami`)).status).toBe(401);
  const began = Date.now();
  traced.child.kill('SIGTERM');
  expect(await traced.ended).toEqual([0, null]);
  expect(Date.now() - began).toBeLessThan(8_000);
  expect(traced.said('modules of OpenTelemetry')?.['loaded']).toBeGreaterThan(0);
  await collector.stop();
});

it('writes lines of the level that KUBEPASS_LOG_LEVEL names, and does not start with an unknown one', async () => {
  const quiet = start({ environment: { KUBEPASS_LOG_LEVEL: 'warn' } });
  await expect.poll(() => quiet.output(), { timeout: 60_000 }).toContain('"level":"warn"');
  quiet.child.kill('SIGTERM');
  await quiet.ended;
  expect(quiet.output()).not.toContain('"level":"info"');

  const wrong = start({ environment: { KUBEPASS_LOG_LEVEL: 'loud' } });
  expect(await wrong.ended).toEqual([1, null]);
  expect(wrong.said('kubepass cannot serve')?.['reason']).toContain('KUBEPASS_LOG_LEVEL: must be one of');
});
