import { generateKeyPairSync, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { csrFor } from '../helpers/csr.js';
import { manyAtOnce, takeTurns } from './measure.js';
import { comparedThroughput, type Row } from './report.js';
import { ServiceUnderBench } from './service-under-bench.js';

const connections = 32;
const rounds = 3;
const requests = { csr: 1_500, kubeconfig: 1_500, evaluate: 2_500, signature: 6_000 } as const;

/** Measures the service by itself, without a cluster: it signs with its own RSA-2048 CA, and decides. */
export async function benchLocalCa(directory: string): Promise<readonly Row[]> {
  const service = await ServiceUnderBench.start(directory);
  try {
    const ask = { username: 'bench', groups: ['team-a'], expirationSeconds: 3600 };
    const csrs = await Promise.all(Array.from({ length: 200 }, () => csrFor(ask.username, ask.groups)));
    let next = 0;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const tbsCertificate = Buffer.alloc(600, 1);
    const signOnce = promisify((done: (error: Error | null, signature: Buffer) => void) =>
      sign('sha256', tbsCertificate, privateKey, done),
    );
    const lanes = {
      csr: {
        once: async () => {
          const csr = csrs[next++ % csrs.length]!.pem;
          const answer = await service.api.expect(
            201,
            'POST',
            '/v1/certificate-requests',
            { csr, expirationSeconds: 3600 },
            { prefer: 'wait=30' },
          );
          if (!answer.includes('"state":"issued"')) throw new Error(`not issued: ${answer}`);
        },
      },
      kubeconfig: { once: () => service.kubeconfig() },
      evaluate: { once: () => service.api.expect(200, 'POST', '/v1/policies/evaluate', ask).then(() => undefined) },
      signature: { once: () => signOnce().then(() => undefined) },
    };
    await takeTurns(1, lanes, (lane) => manyAtOnce(500, connections, lane));
    const figures = await takeTurns(rounds, lanes, (lane, name) => manyAtOnce(requests[name], connections, lane));
    const row = (what: string, ours: readonly number[]): Row =>
      comparedThroughput({ what, ours, theirs: figures.signature, target: null });
    const asPart = `${connections} connections: requests a second, as a part of bare RSA-2048 signatures`;
    return [
      row(`local CA, a CSR to its certificate (\`Prefer: wait\`), ${asPart}`, figures.csr),
      row(`local CA, \`POST /v1/kubeconfigs\`, ${asPart}`, figures.kubeconfig),
      row(`\`POST /v1/policies/evaluate\`, ${asPart}`, figures.evaluate),
    ];
  } finally {
    await service.stop();
  }
}
