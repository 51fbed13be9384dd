import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localAuthority } from '../../helpers/local-authority.js';

/** The settings of cluster `demo`, as YAML. kubepass holds the key of its CA, which is made in the directory. */
export async function localCluster(directory: string): Promise<string> {
  const authority = await localAuthority();
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
