import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { makeAuthority, makeKey } from '../../packages/x509/test/helpers/certificates.js';
import { seedSqlite } from '../million/databases.js';
import { aCertificate, aRequest } from '../million/rows.js';
import { figureOf, type Row } from '../report.js';
import { ServiceUnderBench } from '../service-under-bench.js';

/** The time of `activate` besides the probe, and of reading an issuer with its counts. */
const mostMilliseconds = 1_000;
const changes = 10;

/** Times the changes of issuers of a cluster whose first issuer has signed that many certificates. */
export async function benchManyCertificates(directory: string, certificates: number): Promise<readonly Row[]> {
  mkdirSync(directory, { recursive: true });
  const now = new Date();
  await seedSqlite(directory, certificates, now);
  const config = { clusters: [demoCluster(directory, now)] };
  // The first start makes the records of both issuers.
  await (await ServiceUnderBench.start(directory, { config })).stop();
  letBeforeHaveSigned(join(directory, 'data', 'kubepass.db'), now);
  const service = await ServiceUnderBench.start(directory, { config });
  try {
    const issuers = '/v1/clusters/demo/issuers';
    const timed = async (times: number, once: (i: number) => Promise<unknown>): Promise<readonly number[]> => {
      const durations: number[] = [];
      for (let i = 0; i < times; i++) {
        const began = performance.now();
        await once(i);
        durations.push(performance.now() - began);
      }
      return durations;
    };
    const { live } = countsIn(await service.api.expect(200, 'GET', `${issuers}/before`));
    if (live < certificates / 20) throw new Error(`the issuer has only ${live} live certificates`);
    const at = `at ${certificates.toLocaleString('en')} certificates`;
    const target = { atMost: mostMilliseconds };
    const details = `${live.toLocaleString('en')} of them live`;
    const read = await timed(changes, () => service.api.expect(200, 'GET', `${issuers}/before`));
    const activated = await timed(changes, (i) =>
      service.api.expect(200, 'POST', `${issuers}/${i % 2 === 0 ? 'after' : 'before'}/activate`, {
        withoutProbe: true,
        comment: 'bench',
      }),
    );
    await service.api.expect(200, 'POST', `${issuers}/after/activate`, { withoutProbe: true, comment: 'bench' });
    const refused = await timed(changes, () => service.api.expect(409, 'POST', `${issuers}/before/retire`, {}));
    const left = await timed(changes, () =>
      service.api.expect(200, 'GET', '/v1/certificates?cluster=demo&issuer=before&status=live'),
    );
    return [
      figureOf(`\`activate\` besides the probe, ${at}`, activated, 'ms', { target, details }),
      figureOf(`an issuer with its live certificates counted, ${at}`, read, 'ms', { details }),
      figureOf(`\`retire\`, refused because of live certificates, ${at}`, refused, 'ms', { details }),
      figureOf(`a page of the certificates that an issuer still serves, ${at}`, left, 'ms', { details }),
    ];
  } finally {
    await service.stop();
  }
}

function countsIn(body: string): { readonly live: number } {
  return (JSON.parse(body) as { readonly certificates: { readonly live: number } }).certificates;
}

/** The cluster of the seeded rows, with two CAs. */
function demoCluster(directory: string, now: Date) {
  const day = 86_400_000;
  const validity = { notBefore: new Date(now.getTime() - 400 * day), notAfter: new Date(now.getTime() + 800 * day) };
  const issuers = ['before', 'after'].map((name) => {
    const key = makeKey('P-256');
    const file = (end: string) => join(directory, `${name}.${end}`);
    writeFileSync(file('crt'), makeAuthority({ subject: [['CN', name]], key, ...validity }).pem);
    writeFileSync(file('key'), key.pem, { mode: 0o600 });
    return { name, certFile: file('crt'), key: { file: file('key') } };
  });
  const servingCertificateAuthority = join(directory, 'before.crt');
  return {
    name: 'demo',
    server: 'https://127.0.0.1:6443',
    servingCertificateAuthority,
    signer: { localCA: { issuers } },
  };
}

/** The seeded certificates are those of an earlier certificate of the first issuer. */
function letBeforeHaveSigned(file: string, now: Date): void {
  const { issuerFingerprintSha256 } = aCertificate(0, now, aRequest(0, now, false), false);
  const database = new Database(file);
  database
    .prepare(
      `UPDATE "ClusterIssuer" SET "fingerprints" = json_insert(json_array(?), '$[#]', json_extract("fingerprints", '$[0]'))
       WHERE "name" = 'before'`,
    )
    .run(issuerFingerprintSha256);
  database.close();
}
