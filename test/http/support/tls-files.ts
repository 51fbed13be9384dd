import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority } from '../../../packages/x509/test/helpers/certificates.js';

/** A pair to serve TLS with. Callers pin the certificate, so a CA certificate will do. */
export function makeTlsPair(now = new Date()): { readonly cert: string; readonly key: string } {
  const notBefore = new Date(Math.floor(now.getTime() / 1000) * 1000 - 300_000);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + 10);
  const { pem, key } = makeAuthority({ subject: [['CN', 'localhost']], notBefore, notAfter });
  return { cert: pem, key: key.pem };
}

/** Writes a pair, by default a new one, and answers the environment that makes the service use it. */
export function writeTlsFiles(directory: string, pair = makeTlsPair()) {
  const { cert, key } = pair;
  const certFile = join(directory, 'tls.crt');
  const keyFile = join(directory, 'tls.key');
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  chmodSync(keyFile, 0o600);
  return { KUBEPASS_TLS_CERT_FILE: certFile, KUBEPASS_TLS_KEY_FILE: keyFile };
}
