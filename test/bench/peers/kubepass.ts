import { ServiceUnderBench, type Program } from '../service-under-bench.js';
import type { Contender, SigningJob } from './contender.js';
import { sqliteStorage } from './storage.js';

export interface Kubepass extends Contender {
  readonly service: ServiceUnderBench;
}

/** Starts the service, asked over HTTP with a token. Policy decides, and intent and outcome reach the disk. */
export async function startKubepass(
  directory: string,
  job: SigningJob,
  databaseUrl = '',
  program?: Program,
): Promise<Kubepass> {
  const config = `
clusters:
  - name: bench
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${JSON.stringify(job.certFile)}
    signer:
      localCA: { certFile: ${JSON.stringify(job.certFile)}, keyFile: ${JSON.stringify(job.keyFile)} }
`;
  const service = await ServiceUnderBench.start(directory, config, databaseUrl, program);
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/json', prefer: 'wait=30' };
  return {
    service,
    target: service.target,
    pid: service.pid,
    databasePid: null,
    readyMilliseconds: service.readyMilliseconds,
    storage: sqliteStorage(service.databaseFile),
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
