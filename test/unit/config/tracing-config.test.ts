// Tests src/config/tracing-config.ts
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';

const load = (variables: Record<string, string>) => loadConfig(readEnvironment(variables));
const tracing = (variables: Record<string, string>) => load(variables).tracing;
const errorsOf = (variables: Record<string, string>): readonly string[] => {
  try {
    load(variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.errors;
    throw error;
  }
};
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('traces', () => {
  it('are off without an endpoint, and where OpenTelemetry is disabled', () => {
    expect(tracing({})).toBeNull();
    expect(tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBeNull();
    expect(tracing({ ...endpoint, OTEL_SDK_DISABLED: 'True' })).toBeNull();
    expect(tracing({ ...endpoint, OTEL_SDK_DISABLED: 'false' })).not.toBeNull();
  });

  it('go below the common endpoint, or to their own as it is', () => {
    expect(tracing(endpoint)?.url).toBe('http://collector:4318/v1/traces');
    expect(tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c/otlp/' })?.url).toBe('https://c/otlp/v1/traces');
    expect(tracing({ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://t/x' })?.url).toBe('https://t/x');
  });

  it.each(['collector:4318', 'grpc://collector:4317', 'not a url'])(
    'do not go to %s, which is not repeated',
    (value) => {
      const errors = errorsOf({ OTEL_EXPORTER_OTLP_ENDPOINT: value });
      expect(errors).toEqual(['OTEL_EXPORTER_OTLP_ENDPOINT: must be an http or https URL']);
    },
  );

  it.each([
    [undefined, undefined, { kind: 'always_on', ratio: 1, parentBased: true }],
    ['always_off', undefined, { kind: 'always_off', ratio: 1, parentBased: false }],
    ['parentbased_traceidratio', '0.25', { kind: 'traceidratio', ratio: 0.25, parentBased: true }],
    ['traceidratio', '0', { kind: 'traceidratio', ratio: 0, parentBased: false }],
  ])('have the sampler %s %s', (sampler, argument, expected) => {
    const found = tracing({
      ...endpoint,
      ...(sampler !== undefined && { OTEL_TRACES_SAMPLER: sampler }),
      ...(argument !== undefined && { OTEL_TRACES_SAMPLER_ARG: argument }),
    });
    expect(found).toMatchObject({ sampler: expected, warnings: [] });
  });

  it('warn of what acts otherwise than it reads', () => {
    expect(tracing({ ...endpoint, OTEL_TRACES_SAMPLER: 'jaeger_remote' })).toMatchObject({
      sampler: { kind: 'always_on', parentBased: true },
      warnings: ['OTEL_TRACES_SAMPLER names no sampler that kubepass has: parentbased_always_on is used'],
    });
    expect(
      tracing({ ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' })?.warnings,
    ).toEqual(['OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1: 1 is used']);
    expect(tracing({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })?.warnings).toEqual([
      'OTEL_EXPORTER_OTLP_PROTOCOL asks for another protocol than http/json, which kubepass sends all the same',
    ]);
  });

  it('need a client certificate with its key', () => {
    expect(errorsOf({ ...endpoint, OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: 'c.crt' })).toEqual([
      'OTEL_EXPORTER_OTLP_CLIENT_KEY: is missing: a client certificate needs its key',
    ]);
  });
});

describe('the level of the log', () => {
  it('is info, or what KUBEPASS_LOG_LEVEL says', () => {
    expect(load({}).logLevel).toBe('info');
    expect(load({ KUBEPASS_LOG_LEVEL: 'warn' }).logLevel).toBe('warn');
  });

  it.each(['WARN', 'verbose', 'silent', '30'])('is not %s', (value) => {
    expect(errorsOf({ KUBEPASS_LOG_LEVEL: value })).toEqual([
      'KUBEPASS_LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace',
    ]);
  });
});
