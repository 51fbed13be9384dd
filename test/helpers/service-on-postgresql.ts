import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCertificateAuthority } from '../../src/x509/peculiar/generate-certificate-authority.js';

/** One CA for all services that a worker starts, because generating an RSA key is slow. */
let generated: ReturnType<typeof generateCertificateAuthority> | undefined;

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
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    mkdirSync(directory, { mode: 0o700 });
    generated ??= generateCertificateAuthority({
      commonName: 'kubepass-demo-ca',
      now: new Date(),
      random: randomBytes,
    });
    const { certificatePem, privateKeyPem } = await generated;
    writeFileSync(join(directory, 'ca.key'), privateKeyPem, { mode: 0o600 });
    writeFileSync(join(directory, 'ca.crt'), certificatePem);
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
