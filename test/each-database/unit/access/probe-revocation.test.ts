// Tests src/access/probe-revocation.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCertificate, sha256 } from '@kubepass/x509';
import { otherEncoding } from '../../../../src/access/probe-revocation.js';
import { probeCluster } from '../../../../src/clusters/probe-cluster.js';
import { ClusterProbes } from '../../../../src/context/under-way.js';
import type { Context } from '../../../../src/context/context.js';
import type { ClusterConnection } from '../../../../src/kubernetes/cluster-connection.js';
import type { Certificate } from '../../../../src/model/certificate.js';
import { probeUsername } from '../../../../src/model/cluster.js';
import { type TestIssuance, testIssuance } from '../../../helpers/issuance.js';

let issuance: TestIssuance;
beforeEach(async () => {
  issuance = await testIssuance();
});
afterEach(() => issuance.close());

/** Why a cluster refuses the holder of a certificate; null: it does not. `issued`: null where it is in no inventory. */
type Rule = (issued: Certificate | null) => string | null;

const revoked = 'this client certificate was revoked';
const isRevoked = (issued: Certificate | null) => issued !== null && issued.revocation !== null;

const refusesNothing: Rule = () => null;
const refusesTheListed: Rule = (issued) => (isRevoked(issued) ? revoked : null);
const passesTheLive: Rule = (issued) => (issued === null || isRevoked(issued) ? `${revoked} or is unknown` : null);
const takesNoOther: Rule = (issued) => (issued === null ? 'the handshake failed' : refusesTheListed(issued));

/** Probes a cluster with this rule, and answers the trial and the certificates that it took. */
async function probe(rule: Rule) {
  const own = issuance.context.clusters.get('demo')!;
  const shown: string[] = [];
  const context: Context = {
    ...issuance.context,
    probes: new ClusterProbes(issuance.context.store, { answerSeconds: 1, patienceMilliseconds: 300 }),
    clusters: new Map([
      ['demo', { ...own, cluster: { ...own.cluster, revocation: { ...own.cluster.revocation, mode: 'webhook' } } }],
    ]),
  };
  const holder = (pem: string) => ({
    async whoAmI() {
      const der = Buffer.from(/-----BEGIN CERTIFICATE-----([^-]*)/.exec(pem)?.[1] ?? '', 'base64');
      shown.push(sha256(der));
      const why = rule(await context.store.certificates.findByFingerprint(sha256(der)));
      if (why !== null) throw new Error(why);
      return { username: probeUsername, groups: [], byCertificate: true };
    },
    close: () => Promise.resolve(),
  });
  const connection = {
    ...{ version: () => Promise.resolve('v1.36.3'), accessReviews: () => Promise.resolve([]) },
    whoAmI: () => Promise.resolve({ username: 'kubepass', groups: [], byCertificate: false }),
    reviewSelf: (pem: string) => holder(pem).whoAmI(),
    actAs: holder,
  } as unknown as ClusterConnection;
  const [name, issuing] = [...context.clusters][0]!;
  const withConnection = { ...context, clusters: new Map([[name, { ...issuing, connection }]]) };
  const options = { measureLifetimeCap: false, verifyRevocation: true };
  const { result } = await probeCluster(withConnection, 'demo', options, 'root');
  return { trial: result.revocation, shown };
}

it('proves that a cluster refuses a revoked certificate in both encodings', async () => {
  // Chance makes some certificates without another encoding: each trial issues until there is a certificate with it.
  for (let i = 0; i < 4; i += 1) {
    const { trial, shown } = await probe(passesTheLive);
    expect(trial).toMatchObject({ verified: true, delaySeconds: 0, reason: null });
    const last = await issuance.context.store.certificates.findByFingerprint(shown.at(-2)!);
    expect(sha256(otherEncoding(last!.der)!)).toBe(shown.at(-1));
    expect(readCertificate(last!.der).signature[0]).toBeLessThan(0x80);
  }
});

it.each([
  { rule: refusesNothing, reason: 'StillAccepted', message: 'the certificate worked for 0.3 s after it was revoked' },
  {
    ...{ rule: refusesTheListed, reason: 'OtherEncodingAccepted' },
    message: '0.3 s after it was revoked the certificate worked in another encoding',
  },
  {
    ...{ rule: takesNoOther, reason: 'RefusedOtherwise' },
    message: 'the certificate was refused, but not because it was revoked: the handshake failed',
  },
])('proves nothing where the answer is $reason', async ({ rule, reason, message }) => {
  const { trial } = await probe(rule);
  expect(trial).toMatchObject({ verified: false, delaySeconds: null, reason, message });
});
