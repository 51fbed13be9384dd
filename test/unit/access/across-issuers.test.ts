// Tests src/access/answer-subject-access-review.ts, src/access/build-crls.ts, src/access/revoke-certificate.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { reviewAccess } from '../../../src/access/answer-subject-access-review.js';
import { reviewing } from '../../helpers/reviews.js';
import { CertificateLists } from '../../../src/access/build-crls.js';
import { DenyList } from '../../../src/access/deny-list.js';
import { revokeCertificate } from '../../../src/access/revoke-certificate.js';
import { createKubeconfig } from '../../../src/requests/collect-kubeconfig.js';
import { renewCertificate } from '../../../src/requests/renew-certificate.js';
import type { Certificate } from '../../../src/model/certificate.js';
import { readCertificateList, readSigningAuthority } from '@kubepass/x509';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';
import { admin, alice } from '../../helpers/principals.js';
import { makeCa, serveIssuers, type TestIssuer } from '../../helpers/several-issuers.js';

const [old, next] = [makeCa('users-2026'), makeCa('users-2027')];
const fingerprintOf = ({ pem }: { readonly pem: string }) => readSigningAuthority(pem).fingerprintSha256;
const issuers = (oldIs: TestIssuer['state'], nextIs: TestIssuer['state']): readonly TestIssuer[] => [
  { name: 'users-2026', state: oldIs, certificate: old },
  { name: 'users-2027', state: nextIs, certificate: next },
];

let issuance: TestIssuance;
let denyList: DenyList;
beforeEach(async () => {
  issuance = await testIssuance();
  const { store, clock, log } = issuance.context;
  denyList = new DenyList({ reader: store.revocations, clock, log });
  await denyList.load();
});
afterEach(() => issuance.close());

async function issued(username: string): Promise<Certificate> {
  const ask = { username, groups: ['team-a'] };
  const made = await createKubeconfig(issuance.context, alice, ask, { idempotency: null });
  if (!made.ok || made.value.kind !== 'collected') throw new Error('there is no certificate');
  return made.value.kubeconfig.certificate;
}

async function renewed({ fingerprintSha256 }: Certificate): Promise<Certificate> {
  const options = { waitSeconds: 10, idempotency: null };
  const made = await renewCertificate(issuance.context, alice, fingerprintSha256, {}, options);
  if (!made.ok || made.value.kind !== 'collected') throw new Error('it was not renewed');
  return made.value.kubeconfig.certificate;
}

async function revoke({ fingerprintSha256 }: Certificate) {
  const why = { reason: 'keyCompromise', comment: null } as const;
  expect(await revokeCertificate(issuance.context, admin, fingerprintSha256, why)).toMatchObject({ ok: true });
  await denyList.follow();
}

it('a certificate of the old issuer is renewed by the new one, and is superseded', async () => {
  await serveIssuers(issuance, issuers('active', 'next'));
  const before = await issued('jane');
  expect(before.issuerFingerprintSha256).toBe(fingerprintOf(old));
  await serveIssuers(issuance, issuers('retiring', 'active'));
  const after = await renewed(before);
  expect(after).toMatchObject({
    issuerFingerprintSha256: fingerprintOf(next),
    renewal: { of: before.fingerprintSha256 },
    issuer: 'CN=users-2027',
  });
  const found = await issuance.context.store.certificates.findByFingerprint(before.fingerprintSha256);
  expect(found).toMatchObject({ supersededBy: after.fingerprintSha256, revocation: null });
});

it.each(['retiring', 'retired'] as const)(
  'a certificate of an issuer that is %s is revoked as any other: it is on the deny list and in that issuer’s list',
  async (state) => {
    await serveIssuers(issuance, issuers('active', 'next'));
    const [jane, joan] = [await issued('jane'), await issued('joan')];
    await serveIssuers(issuance, issuers(state === 'retired' ? 'retiring' : state, 'active'));
    const jill = await issued('jill');
    if (state === 'retired') await serveIssuers(issuance, issuers('retired', 'active'));
    await revoke(jane);
    await revoke(jill);

    const { context } = issuance;
    const reviews = reviewing({ ...context, denyList });
    for (const [certificate, denied] of [
      [jane, true],
      [joan, false],
      [jill, true],
    ] as const) {
      expect(denyList.find('demo', certificate.fingerprintSha256) !== null).toBe(denied);
      const extra = { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${certificate.fingerprintSha256}`] };
      const { username: user } = certificate;
      expect(await reviewAccess(reviews, admin, 'demo', { user, extra })).toMatchObject({
        ok: true,
        value: { denied },
      });
    }

    const lists = new CertificateLists(context, denyList);
    const revokedBy = async (name: string) => {
      const outcome = await lists.of('demo', name);
      return outcome.ok ? [...readCertificateList(outcome.value.der).revoked] : outcome.refusal.kind;
    };
    expect(await revokedBy('users-2027')).toEqual([jill.serialNumber]);
    expect(await revokedBy('users-2026')).toEqual(state === 'retiring' ? [jane.serialNumber] : 'certificate-conflict');
  },
);
