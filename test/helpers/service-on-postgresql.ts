import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { placeAuthority } from './local-authority.js';

/**
 * The environment of a service on a PostgreSQL: its database, and a configuration with the embedded default's cluster.
 * The CA is in files here, because a service on PostgreSQL generates none.
 */
export async function postgresqlEnvironment(
  dataDir: string,
  databaseUrl: string,
  settings = '',
): Promise<Readonly<Record<string, string>>> {
  const directory = join(dataDir, 'ca');
  const configFile = join(directory, 'kubepass.yaml');
  if (!existsSync(configFile)) {
    await placeAuthority(dataDir);
    writeFileSync(
      configFile,
      `clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ca.crt
    signer: { localCA: { certFile: ca.crt, keyFile: ca.key } }
${settings}`,
    );
  }
  return { DATABASE_URL: databaseUrl, KUBEPASS_CONFIG: configFile };
}
