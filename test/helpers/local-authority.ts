import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCertificateAuthority } from '../../src/signing/generate-certificate-authority.js';

let generated: ReturnType<typeof generateCertificateAuthority> | undefined;

/** One CA for all services of a worker, because generating an RSA key takes longer than most tests. */
export function localAuthority(): ReturnType<typeof generateCertificateAuthority> {
  generated ??= generateCertificateAuthority({ commonName: 'kubepass-demo-ca', now: new Date(), random: randomBytes });
  return generated;
}

/** Puts that CA where a service with the embedded default looks for its own before it generates one. */
export async function placeAuthority(dataDir: string): Promise<void> {
  const directory = join(dataDir, 'ca');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  mkdirSync(directory, { mode: 0o700 });
  const { certificatePem, privateKeyPem } = await localAuthority();
  writeFileSync(join(directory, 'ca.key'), privateKeyPem, { mode: 0o600 });
  writeFileSync(join(directory, 'ca.crt'), certificatePem, { mode: 0o600 });
}
