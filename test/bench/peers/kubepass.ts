import { ServiceUnderBench } from '../service-under-bench.js';
import type { Contender, SigningJob } from './contender.js';

/** The service, asked over HTTP with a token: policy decides, intent and outcome are each on disk before it goes on. */
export async function startKubepass(directory: string, job: SigningJob, databaseUrl = ''): Promise<Contender> {
  const config = `
clusters:
  - name: bench
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${JSON.stringify(job.certFile)}
    signer:
      localCA: { certFile: ${JSON.stringify(job.certFile)}, keyFile: ${JSON.stringify(job.keyFile)} }
`;
  const service = await ServiceUnderBench.start(directory, config, databaseUrl);
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/json', prefer: 'wait=30' };
  return {
    target: service.target,
    expectedStatus: 201,
    requestFor: (csr) => ({
      path: '/v1/certificate-requests',
      headers,
      body: JSON.stringify({ csr, expirationSeconds: 3600 }),
    }),
    certificateIn: (body) => (JSON.parse(body) as { certificate: { pem: string } }).certificate.pem,
    hold: () => service.hold(),
    release: () => service.release(),
    stop: () => service.stop(),
  };
}
