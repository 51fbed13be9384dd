import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCertificateAuthority } from '../../../src/x509/peculiar/generate-certificate-authority.js';

/** The settings of cluster `demo`, as YAML. kubepass holds the key of its CA, which is made in the directory. */
export async function localCluster(directory: string): Promise<string> {
  const authority = await generateCertificateAuthority({ commonName: 'ca', now: new Date(), random: randomBytes });
  const [certFile, keyFile] = [join(directory, 'ca.crt'), join(directory, 'ca.key')];
  writeFileSync(certFile, authority.certificatePem, { mode: 0o600 });
  writeFileSync(keyFile, authority.privateKeyPem, { mode: 0o600 });
  return `
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${certFile}
    signer: { localCA: { certFile: ${certFile}, keyFile: ${keyFile} } }
`;
}
