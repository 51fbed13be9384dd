import { ServiceUnderBench, type StartOptions } from '../service-under-bench.js';
import type { Contender, SigningJob } from './contender.js';
import { sqliteStorage } from './storage.js';

export interface Kubepass extends Contender {
  readonly service: ServiceUnderBench;
}

/** A cluster whose certificates are signed by that CA. `localCA`: other settings of its signer. */
export const clusterOf = (
  { certFile, keyFile }: Pick<SigningJob, 'certFile' | 'keyFile'>,
  localCA: object = { certFile, keyFile },
) => ({
  name: 'bench',
  server: 'https://127.0.0.1:6443',
  servingCertificateAuthority: certFile,
  signer: { localCA },
});

/** Starts the service, asked over HTTP with a token. Policy decides, and intent and outcome reach the disk. */
export async function startKubepass(
  directory: string,
  job: SigningJob,
  { localCA, ...options }: Omit<StartOptions, 'config'> & { readonly localCA?: object | undefined } = {},
): Promise<Kubepass> {
  const config = { clusters: [clusterOf(job, localCA)] };
  const service = await ServiceUnderBench.start(directory, { ...options, config });
  const headers = { authorization: `Bearer ${service.token}`, 'content-type': 'application/json', prefer: 'wait=30' };
  return {
    service,
    target: service.target,
    pid: service.pid,
    database: null,
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
