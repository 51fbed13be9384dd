/** The environment variables that kubepass reads, by the setting that each carries. */
export const environmentVariables = {
  configFile: 'KUBEPASS_CONFIG',
  dataDir: 'KUBEPASS_DATA_DIR',
  host: 'KUBEPASS_HOST',
  port: 'KUBEPASS_PORT',
  policiesDir: 'KUBEPASS_POLICIES_DIR',
  databaseUrl: 'DATABASE_URL',
  tlsCertFile: 'KUBEPASS_TLS_CERT_FILE',
  tlsKeyFile: 'KUBEPASS_TLS_KEY_FILE',
  tlsTerminated: 'KUBEPASS_TLS_TERMINATED',
  budgets: 'KUBEPASS_BUDGETS',
} as const;

/** The values of these variables; undefined where one is not set. */
export type Environment = { readonly [setting in keyof typeof environmentVariables]: string | undefined };

/** Reads the environment once. An empty variable counts as not set, because compose files set empty ones. */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const read = (name: string) => variables[name] || undefined;
  return {
    configFile: read(environmentVariables.configFile),
    dataDir: read(environmentVariables.dataDir),
    host: read(environmentVariables.host),
    port: read(environmentVariables.port),
    policiesDir: read(environmentVariables.policiesDir),
    databaseUrl: read(environmentVariables.databaseUrl),
    tlsCertFile: read(environmentVariables.tlsCertFile),
    tlsKeyFile: read(environmentVariables.tlsKeyFile),
    tlsTerminated: read(environmentVariables.tlsTerminated),
    budgets: read(environmentVariables.budgets),
  };
}
