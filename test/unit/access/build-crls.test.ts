// Tests src/access/build-crls.ts, packages/x509/src/strict/certificate-list.ts
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CertificateLists } from '../../../src/access/build-crls.js';
import { DenyList } from '../../../src/access/deny-list.js';
import {
  displayDistinguishedName,
  readCertificate,
  revocationReasons,
  signaturesHere,
  type SigningAuthority,
} from '@kubepass/x509';
import { issuersOf } from '../../helpers/signing-authority.js';
import { testIssuance, type TestIssuance } from '../../helpers/issuance.js';

let issuance: TestIssuance;
beforeAll(async () => {
  issuance = await testIssuance();
});
afterAll(() => issuance.close());

async function lists(more: Partial<SigningAuthority> = {}) {
  const { context } = issuance;
  const denyList = new DenyList({ reader: context.store.revocations, clock: context.clock, log: context.log });
  await denyList.load();
  const found = context.clusters.get('demo');
  if (!found) throw new Error('there is no cluster');
  let signed = 0;
  const signatures: typeof signaturesHere = {
    ...signaturesHere,
    sign: (...asked) => {
      signed += 1;
      return signaturesHere.sign(...asked);
    },
  };
  const issuers = issuersOf({ ...issuance.authority, ...more }, { signatures });
  const clusters = new Map([['demo', { ...found, issuers }]]);
  const of = new CertificateLists({ ...context, clusters }, denyList);
  const issuer = displayDistinguishedName(readCertificate(issuance.authority.certificateDer).subject);
  const revoke = (i: number) => {
    denyList.add({
      fingerprintSha256: createHash('sha256').update(String(i)).digest('hex'),
      cluster: 'demo',
      serialNumber: (0x4000000000 + i).toString(16),
      issuer,
      issuerFingerprintSha256: null,
      username: `user-${i}`,
      notAfter: new Date(context.clock().getTime() + 3_600_000),
      reason: revocationReasons[i % revocationReasons.length] ?? 'unspecified',
      comment: null,
      revokedAt: context.clock(),
      revokedBy: null,
    });
  };
  return { lists: of, revoke, signed: () => signed };
}

it('writes 10,000 entries without keeping others waiting', async () => {
  const { lists: of, revoke } = await lists();
  await of.of('demo');
  for (let i = 0; i < 10_000; i++) revoke(i);
  let turns = 0;
  let isBuilding = true;
  const takeTurn = () => {
    turns += 1;
    if (isBuilding) setImmediate(takeTurn);
  };
  setImmediate(takeTurn);
  const outcome = await of.of('demo');
  isBuilding = false;
  expect(outcome.ok && outcome.value.der.length).toBeGreaterThan(250_000);
  // At most 250 entries are written between two turns of others.
  expect(turns).toBeGreaterThanOrEqual(40);
});

it('builds one list for all who ask at the same time, and it has what was revoked before each call', async () => {
  const { lists: of, revoke, signed } = await lists();
  for (let i = 0; i < 600; i++) revoke(i);
  const early = Array.from({ length: 20 }, () => of.of('demo'));
  revoke(1_000);
  const late = await of.of('demo');
  const [first] = await Promise.all(early);
  expect(signed()).toBe(2);
  if (!late.ok || !first?.ok) throw new Error('there is no list');
  expect(Buffer.from(late.value.der).includes(Buffer.from((0x4000000000 + 1_000).toString(16), 'hex'))).toBe(true);
  expect(late.value.number).toBeGreaterThan(first.value.number);
});

it('refuses for a CA that may not sign one, that has expired, or whose key the cluster has', async () => {
  const messageOf = async (more: Partial<SigningAuthority>) => {
    const outcome = await (await lists(more)).lists.of('demo');
    return !outcome.ok && outcome.refusal.kind === 'certificate-conflict' ? outcome.refusal.message : '';
  };
  expect(await messageOf({ signsCertificateLists: false })).toMatch(/lacks cRLSign/);
  expect(await messageOf({ notAfter: new Date(0) })).toMatch(/has expired/);
  const { lists: of } = await lists();
  expect(await of.of('none')).toEqual({ ok: false, refusal: { kind: 'not-found' } });
});
