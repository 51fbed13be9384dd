import type { TestCluster } from './test-cluster.js';

/** Creates a `CertificateSigningRequest` for a user certificate with kubectl, as the procedure by hand does. */
export async function createCsrObject(cluster: TestCluster, name: string, csrPem: string): Promise<void> {
  const object = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(csrPem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      expirationSeconds: 3600,
      usages: ['client auth', 'digital signature'],
    },
  };
  await succeed(cluster, ['create', '--filename=-'], JSON.stringify(object));
}

export async function approveCsrObject(cluster: TestCluster, name: string): Promise<void> {
  await succeed(cluster, ['certificate', 'approve', name]);
}

/** The PEM in `status.certificate`, as soon as it is there. Throws if it does not come within `seconds`. */
export async function issuedCertificate(cluster: TestCluster, name: string, seconds = 30): Promise<string> {
  const csr = `certificatesigningrequest/${name}`;
  await succeed(cluster, ['wait', csr, '--for=jsonpath={.status.certificate}', `--timeout=${seconds}s`]);
  const base64 = await succeed(cluster, ['get', csr, '--output=jsonpath={.status.certificate}']);
  return Buffer.from(base64, 'base64').toString();
}

/** Returns the output of kubectl, and throws its error output. */
export async function succeed(cluster: TestCluster, args: readonly string[], input?: string): Promise<string> {
  const { stdout, stderr, code } = await cluster.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${stderr.trim()}`);
  return stdout;
}
