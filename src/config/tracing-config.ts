import { environmentVariables as variables, type Environment } from './env.js';
import type { ReportProblem } from './setting.js';

/** Where traces go, and which. The other variables of OpenTelemetry are read by its own library. */
export interface TracingConfig {
  /** Takes OTLP over HTTP. It may hold credentials: never logged. */
  readonly url: string;
  readonly sampler: SamplerConfig;
  /** PEM: the CAs of the collector; null: those that Node.js trusts. */
  readonly certificateAuthorityFile: string | null;
  /** PEM: the certificate and the key by which the collector knows kubepass. */
  readonly clientCertificate: { readonly certFile: string; readonly keyFile: string } | null;
  /** Sentences about settings that do not act as they read. */
  readonly warnings: readonly string[];
}

/** OpenTelemetry's samplers. */
interface SamplerConfig {
  readonly kind: 'always_on' | 'always_off' | 'traceidratio';
  /** From 0 to 1, for `traceidratio`. */
  readonly ratio: number;
  /** Whether the decision of a caller that sends `traceparent` holds. */
  readonly parentBased: boolean;
}

const defaultSampler: SamplerConfig = { kind: 'always_on', ratio: 1, parentBased: true };

/**
 * Null where no endpoint is set, or `OTEL_SDK_DISABLED` is true. As OpenTelemetry demands, an unknown sampler is a
 * warning, because these variables are often set for many programs at once. An endpoint that is no URL is an error.
 */
export function readTracing(environment: Environment, report: ReportProblem): TracingConfig | null {
  const { otlpEndpoint, otlpTracesEndpoint, otelDisabled } = environment;
  const endpoint = otlpTracesEndpoint ?? otlpEndpoint;
  if (endpoint === undefined || otelDisabled?.toLowerCase() === 'true') return null;
  const whyNot = whyNotEndpoint(endpoint);
  if (whyNot !== null) {
    report(otlpTracesEndpoint === undefined ? variables.otlpEndpoint : variables.otlpTracesEndpoint, whyNot);
    return null;
  }
  const { otlpCertificate, otlpClientCertificate, otlpClientKey } = environment;
  if ((otlpClientCertificate === undefined) !== (otlpClientKey === undefined))
    report(
      otlpClientKey === undefined ? variables.otlpClientKey : variables.otlpClientCertificate,
      'is missing: a client certificate needs its key',
    );
  const warnings: string[] = [];
  return {
    url: otlpTracesEndpoint ?? `${endpoint.replace(/\/$/, '')}/v1/traces`,
    sampler: readSampler(environment, warnings),
    certificateAuthorityFile: otlpCertificate ?? null,
    clientCertificate:
      otlpClientCertificate !== undefined && otlpClientKey !== undefined
        ? { certFile: otlpClientCertificate, keyFile: otlpClientKey }
        : null,
    warnings: [...protocolWarning(environment), ...warnings],
  };
}

/** The message does not quote the endpoint, which may hold credentials. */
function whyNotEndpoint(endpoint: string): string | null {
  if (!URL.canParse(endpoint)) return 'must be an http or https URL';
  return ['http:', 'https:'].includes(new URL(endpoint).protocol) ? null : 'must be an http or https URL';
}

function readSampler({ tracesSampler, tracesSamplerArg }: Environment, warnings: string[]): SamplerConfig {
  if (tracesSampler === undefined) return defaultSampler;
  const [, parentBased, kind] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(tracesSampler) ?? [];
  if (kind === undefined) {
    warnings.push(`${variables.tracesSampler} names no sampler that kubepass has: parentbased_always_on is used`);
    return defaultSampler;
  }
  const ratio = tracesSamplerArg === undefined ? 1 : Number(tracesSamplerArg);
  const isRatio = ratio >= 0 && ratio <= 1;
  if (kind === 'traceidratio' && !isRatio)
    warnings.push(`${variables.tracesSamplerArg} is no number from 0 to 1: 1 is used`);
  return {
    kind: kind as SamplerConfig['kind'],
    ratio: isRatio ? ratio : 1,
    parentBased: parentBased !== undefined,
  };
}

function protocolWarning({ otlpProtocol, otlpTracesProtocol }: Environment): readonly string[] {
  const protocol = otlpTracesProtocol ?? otlpProtocol ?? 'http/json';
  if (protocol === 'http/json') return [];
  const name = otlpTracesProtocol === undefined ? variables.otlpProtocol : variables.otlpTracesProtocol;
  return [`${name} asks for another protocol than http/json, which kubepass sends all the same`];
}
