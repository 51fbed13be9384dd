/** The environment variables that kubepass reads, by what they set. */
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
} as const;

/** What the environment says, as text; undefined where it says nothing. */
export type Environment = { readonly [setting in keyof typeof environmentVariables]: string | undefined };

/** Reads the environment, once. A variable that is set to nothing counts as not set, as in a compose file. */
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
  };
}
