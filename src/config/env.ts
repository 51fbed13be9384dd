import { nearestName } from '@kubepass/inspect/formats';

/** The environment variables that kubepass reads, by the setting that each carries. */
export const environmentVariables = {
  configFile: 'KUBEPASS_CONFIG',
  dataDir: 'KUBEPASS_DATA_DIR',
  firstAdminTokenFile: 'KUBEPASS_FIRST_ADMIN_TOKEN_FILE',
  host: 'KUBEPASS_HOST',
  port: 'KUBEPASS_PORT',
  policiesDir: 'KUBEPASS_POLICIES_DIR',
  databaseUrl: 'DATABASE_URL',
  tlsCertFile: 'KUBEPASS_TLS_CERT_FILE',
  tlsKeyFile: 'KUBEPASS_TLS_KEY_FILE',
  tlsTerminated: 'KUBEPASS_TLS_TERMINATED',
  trustedProxies: 'KUBEPASS_TRUSTED_PROXIES',
  metricsHost: 'KUBEPASS_METRICS_HOST',
  metricsPort: 'KUBEPASS_METRICS_PORT',
  logLevel: 'KUBEPASS_LOG_LEVEL',
  revision: 'KUBEPASS_REVISION',
  otlpEndpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
  otlpTracesEndpoint: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  otlpProtocol: 'OTEL_EXPORTER_OTLP_PROTOCOL',
  otlpTracesProtocol: 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
  otlpCertificate: 'OTEL_EXPORTER_OTLP_CERTIFICATE',
  otlpClientCertificate: 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE',
  otlpClientKey: 'OTEL_EXPORTER_OTLP_CLIENT_KEY',
  tracesSampler: 'OTEL_TRACES_SAMPLER',
  tracesSamplerArg: 'OTEL_TRACES_SAMPLER_ARG',
  otelDisabled: 'OTEL_SDK_DISABLED',
  budgets: 'KUBEPASS_BUDGETS',
} as const;

/** The values of these variables; undefined where one is not set. */
export type Environment = { readonly [setting in keyof typeof environmentVariables]: string | undefined } & {
  /** Names of variables that look like settings of kubepass, but are not. */
  readonly unknown: readonly string[];
};

/** Reads the environment once. An empty variable counts as not set, because compose files set empty ones. */
export const readEnvironment = (variables: NodeJS.ProcessEnv = process.env): Environment => ({
  ...(Object.fromEntries(
    Object.entries(environmentVariables).map(([setting, name]) => [setting, variables[name] || undefined]),
  ) as Omit<Environment, 'unknown'>),
  unknown: Object.entries(variables)
    .filter(([name, value]) => value !== undefined && value !== '' && /^KUBEPASS_/i.test(name))
    .filter(([name, value = '']) => !known.includes(name) && !isOfOthers(name, value))
    .map(([name]) => name),
});

const known: readonly string[] = Object.values(environmentVariables);

/**
 * Variables that others set: the kubectl plugin's, those of the tests, and those that Kubernetes sets in each pod
 * beside a Service whose name begins with `kubepass`
 * (https://kubernetes.io/docs/concepts/services-networking/service/).
 */
const isOfOthers = (name: string, value: string): boolean =>
  /^KUBEPASS_(?:SERVER|TOKEN|TEST_\w+)$/.test(name) ||
  /^KUBEPASS_(?:\w+_)?SERVICE_(?:HOST|PORT(?:_\w+)?)$/.test(name) ||
  /^KUBEPASS_(?:\w+_)?PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name) ||
  (/^KUBEPASS_\w+_PORT$/.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value));

/** Why a variable is refused. Its value, which may be a secret, is not repeated. */
export function whyUnknown(name: string): string {
  const meant = nearestName(name, known);
  return `is not a variable that kubepass reads; ${meant === null ? `there are ${known.filter((one) => /^KUBEPASS_/.test(one)).join(', ')}` : `did you mean ${meant}?`}`;
}
