import { randomBytes } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCertificateAuthority } from '../../../src/x509/peculiar/generate-certificate-authority.js';

/** A pair to serve TLS with. Callers pin the certificate, so a CA certificate will do. */
export async function makeTlsPair(now = new Date()): Promise<{ readonly cert: string; readonly key: string }> {
  const made = await generateCertificateAuthority({ commonName: 'localhost', now, random: randomBytes });
  return { cert: made.certificatePem, key: made.privateKeyPem };
}

/** Writes a pair, by default a new one, and answers the environment that makes the service use it. */
export async function writeTlsFiles(directory: string, pair?: { readonly cert: string; readonly key: string }) {
  const { cert, key } = pair ?? (await makeTlsPair());
  const certFile = join(directory, 'tls.crt');
  const keyFile = join(directory, 'tls.key');
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  chmodSync(keyFile, 0o600);
  return { KUBEPASS_TLS_CERT_FILE: certFile, KUBEPASS_TLS_KEY_FILE: keyFile };
}
