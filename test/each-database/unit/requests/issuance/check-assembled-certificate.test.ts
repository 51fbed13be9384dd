// Tests src/requests/issuance/check-issued-certificate.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClientTrust, readClientTrust } from '../../../../../src/kubernetes/certificate-authorities.js';
import {
  checkIssuedCertificate,
  checkSignedCertificate,
} from '../../../../../src/requests/issuance/check-issued-certificate.js';
import { mintApprovedRequest } from '../../../../../src/model/mint-approved-request.js';
import type { AssembledCertificate } from '../../../../../src/signing/signer.js';
import { generateKeyPair, keyAlgorithms, type KeyPair } from '@kubepass/x509';
import { makeAuthority, makeKey } from '../../../../../packages/x509/test/helpers/certificates.js';
import { derOf, mismatchesOf } from '../../../../helpers/signers.js';
import { certifiedIssuer, loadSigningAuthority, signerOf } from '../../../../helpers/signing-authority.js';

/** A local CA of each kind of key; the names differ too. */
const authorities = (['P-256', 'RSA-2048', 'Ed25519'] as const).map((type) => {
  const key = makeKey(type);
  const { pem } = makeAuthority({
    key,
    subject: [
      ['O', ' corp, "Ltd" + 日本'],
      ['CN', `#ca ${type} `],
    ],
    notAfter: new Date('2035-01-01T00:00:00Z'),
  });
  const authority = loadSigningAuthority(pem, key.pem);
  return { type, issuer: certifiedIssuer(authority), signer: signerOf(authority), trust: readClientTrust(pem) };
});
type Authority = (typeof authorities)[number];

const otherIssuer = ({ type }: Authority) => authorities.find((other) => other.type !== type)!.issuer;

const keyPairs = new Map<string, Promise<KeyPair>>();
const keyPairOf = (algorithm: (typeof keyAlgorithms)[number]) => {
  const known = keyPairs.get(algorithm) ?? generateKeyPair(algorithm);
  keyPairs.set(algorithm, known);
  return known;
};

const name = fc.string({
  unit: fc.constantFrom(...Array.from('abzAZ09.:/-@_ '), 'ä', 'ž', '日', '𐐷'),
  minLength: 1,
  maxLength: 64,
});
const ask = fc.record({
  username: name,
  groups: fc.uniqueArray(name, { maxLength: 32 }),
  expirationSeconds: fc.oneof(fc.integer({ min: 600, max: 86_400 }), fc.integer({ min: 600, max: 2 ** 31 - 1 })),
  keyAlgorithm: fc.constantFrom(...keyAlgorithms),
  // The last of them lie close to the end of the CA.
  startedAt: fc.date({
    min: new Date('2025-01-02T00:00:00Z'),
    max: new Date('2034-12-31T23:59:59Z'),
    noInvalidDate: true,
  }),
  milliseconds: fc.nat(5_000),
});
type Ask = typeof ask extends fc.Arbitrary<infer T> ? T : never;

async function issue({ signer }: Authority, { startedAt, ...asked }: Omit<Ask, 'milliseconds'>) {
  const { subjectPublicKeyInfo } = await keyPairOf(asked.keyAlgorithm);
  const approved = mintApprovedRequest({
    ...asked,
    ...{ requestId: 'r', attempt: 1, cluster: 'demo', certificationRequest: null, probe: false },
    subjectPublicKeyInfo,
  });
  const { sign, intent } = signer.prepare(approved, startedAt);
  const signed = await sign(startedAt);
  if (signed.kind !== 'assembled') throw new Error('a local CA assembles its certificates');
  return { signed, approved, attempt: { startedAt, intent } };
}

describe.each(authorities)('a certificate of our own CA of $type', (authority) => {
  it('has the entry in the inventory that reading it back gives', async () => {
    for (const { milliseconds, ...asked } of fc.sample(ask, 100)) {
      const { signed, ...attempted } = await issue(authority, asked);
      const now = new Date(asked.startedAt.getTime() + milliseconds);
      const readBack = await checkIssuedCertificate(derOf(signed), attempted.approved, authority.trust, {
        startedAt: asked.startedAt,
        now,
      });
      expect(readBack.ok).toBe(true);
      expect(await checkSignedCertificate(signed, attempted, authority.trust, now)).toEqual(readBack);
    }
  });

  const jane: Omit<Ask, 'milliseconds'> = {
    username: 'jane',
    groups: ['team-b', 'team-a'],
    keyAlgorithm: 'ECDSA-P256',
    expirationSeconds: 3600,
    startedAt: new Date('2026-06-01T00:00:00.500Z'),
  };
  const checkLie = async (
    lie: (signed: AssembledCertificate, other: AssembledCertificate) => Partial<AssembledCertificate>,
    trust: ClientTrust | null = authority.trust,
  ) => {
    const { signed, ...attempted } = await issue(authority, jane);
    const { signed: other } = await issue(authority, { ...jane, username: 'root' });
    return checkSignedCertificate({ ...signed, ...lie(signed, other) }, attempted, trust, jane.startedAt);
  };

  it('is taken where nothing is wrong', async () => {
    expect(await checkLie(() => ({}))).toMatchObject({ ok: true, fields: { username: 'jane' } });
  });

  it.each<[string, Parameters<typeof checkLie>[0], string]>([
    [
      'octets of the signature that differ',
      ({ signature }) => ({ signature: signature.map((octet, i) => (i === signature.length - 1 ? octet ^ 1 : octet)) }),
      'wrong-signature',
    ],
    ['the signature of another certificate', (_, { signature }) => ({ signature }), 'wrong-signature'],
    ['no signature', () => ({ signature: new Uint8Array() }), 'wrong-signature'],
    ['another TBSCertificate', (_, { tbsCertificate }) => ({ tbsCertificate }), 'wrong-signature'],
    [
      'another certificate, properly signed',
      (_, { tbsCertificate, signature }) => ({ tbsCertificate, signature }),
      'not the one that its intent names',
    ],
    ['another issuer', () => ({ issuedBy: otherIssuer(authority) }), 'wrong-signature'],
  ])('is refused with %s', async (_, lie, mismatch) => {
    const checked = await checkLie(lie);
    expect(checked.ok).toBe(false);
    expect(mismatchesOf(checked)).toContain(mismatch);
  });

  it('shows what it is, and not what was approved, where it is another', async () => {
    const checked = await checkLie((_, { tbsCertificate, signature }) => ({ tbsCertificate, signature }));
    expect(checked).toMatchObject({ ok: false, fields: { username: 'root', subject: 'CN=root,O=team-a,O=team-b' } });
  });

  it('is taken whatever the client CAs of the cluster are, because its chain was judged when the issuer was loaded', async () => {
    expect(await checkLie(() => ({}), null)).toMatchObject({ ok: true, fields: { username: 'jane' } });
  });
});
