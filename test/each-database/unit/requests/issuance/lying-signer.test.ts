// Tests src/requests/issuance/check-issued-certificate.ts, src/requests/issuance/issue-certificate.ts
import { sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readClientTrust } from '../../../../../src/kubernetes/certificate-authorities.js';
import { checkIssuedCertificate } from '../../../../../src/requests/issuance/check-issued-certificate.js';
import { collectKubeconfig } from '../../../../../src/requests/collect-kubeconfig.js';
import { createRequest } from '../../../../../src/requests/create-request.js';
import type { ApprovedRequest } from '../../../../../src/model/approved-request.js';
import { mintApprovedRequest } from '../../../../../src/model/mint-approved-request.js';
import type { AssembledCertificate, SignedCertificate, Signer } from '../../../../../src/signing/signer.js';
import type { CertificateReading } from '../../../../../src/signing/library-reading.js';
import { type SecondReader, secondReader } from '../../../../../src/signing/second-reading.js';
import { basicConstraintsExtension, readCertificate, sealCertificate } from '@kubepass/x509';
import {
  type CertificateFields,
  makeAuthority,
  makeCertificate,
  makeKey,
  nameOf,
  type NameParts,
} from '../../../../../packages/x509/test/helpers/certificates.js';
import { testIssuance, type TestIssuance } from '../../../../helpers/issuance.js';
import { alice } from '../../../../helpers/principals.js';
import { mismatchesOf, signingBy } from '../../../../helpers/signers.js';
import { signerOf } from '../../../../helpers/signing-authority.js';

const authority = makeAuthority();
const trust = readClientTrust(authority.pem);
const key = makeKey();
const now = new Date();
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const jane: NameParts = [
  ['O', 'team-a'],
  ['CN', 'jane'],
];

const approved = mintApprovedRequest({
  requestId: 'r',
  attempt: 1,
  cluster: 'demo',
  username: 'jane',
  groups: ['team-a'],
  keyAlgorithm: 'ECDSA-P256',
  subjectPublicKeyInfo: key.spki,
  expirationSeconds: 3600,
  certificationRequest: null,
  probe: false,
});

/** The certificate of a cluster's signer, as it was asked for but for `lies`. */
const signed = (lies: CertificateFields = {}): Buffer =>
  makeCertificate({ issuer: authority, key, subject: jane, notBefore: after(-300), notAfter: after(3600), ...lies })
    .der;

const check = (der: Uint8Array, reader: SecondReader = secondReader) =>
  checkIssuedCertificate(der, approved, trust, { startedAt: now, now }, reader);

describe('a cluster’s certificate', () => {
  it('is taken where it is what was approved, to both readers', async () => {
    expect(await check(signed())).toMatchObject({ ok: true });
  });

  it.each<[string, Buffer, string]>([
    ['another public key', signed({ key: makeKey() }), 'its public key is another'],
    [
      'another username',
      signed({
        subject: [
          ['O', 'team-a'],
          ['CN', 'root'],
        ],
      }),
      'its username is "root"',
    ],
    ['a second username', signed({ subject: [...jane, ['CN', 'root']] }), 'its subject is ambiguous'],
    [
      'another group',
      signed({
        subject: [
          ['O', 'system:masters'],
          ['CN', 'jane'],
        ],
      }),
      'its groups are',
    ],
    ['one group more', signed({ subject: [['O', 'ops'], ...jane] }), 'its groups are'],
    ['no group', signed({ subject: [['CN', 'jane']] }), 'its groups are'],
    ['an attribute more', signed({ subject: [['OU', 'it'], ...jane] }), 'its subject is ambiguous'],
    ['another issuer', signed({ issuerName: nameOf([['CN', 'other']]) }), 'it does not chain'],
    ['the signature of another CA', signed({ issuer: makeAuthority() }), 'it does not chain'],
    ['octets that were not signed', signed({ forged: true }), 'it does not chain'],
    ['an algorithm that does not go with the key', withOtherAlgorithm(signed()), 'it does not chain'],
    ['more time than was approved', signed({ notAfter: after(7200) }), 'longer than was approved'],
    ['a CA bit', signed({ basicConstraints: basicConstraintsExtension(true) }), 'it is a CA'],
    ['a key usage more', signed({ keyUsage: ['digitalSignature', 'keyCertSign'] }), 'its key usage is'],
    ['no key usage', signed({ keyUsage: null }), 'its key usage is'],
    ['a key purpose more', signed({ extKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'] }), 'extended key usage'],
    ['no key purpose', signed({ extKeyUsage: null }), 'extended key usage'],
    ['another version', signed({ version: 1 }), 'it is not of version 3'],
    ['trailing octets', Buffer.concat([signed(), Buffer.of(0)]), 'trailing data'],
    ['a serial number in two forms', longSerialNumber(), 'shortest form'],
  ])('is refused with %s', async (_, der, mismatch) => {
    const checked = await check(der);
    expect(checked.ok).toBe(false);
    expect(mismatchesOf(checked)).toContain(mismatch);
  });

  const lies: Partial<CertificateReading> = {
    subject: [[['2.5.4.3', 'root']]],
    issuer: '3000',
    serialNumber: '01',
    notBefore: '2020-01-01T00:00:00.000Z',
    notAfter: '2020-01-01T00:00:00.000Z',
    subjectPublicKeyInfo: '3000',
    keyUsage: [],
    extKeyUsage: null,
    certificateAuthority: true,
    subjectAltNames: true,
    signatureAlgorithm: '1.2.3',
  };
  it.each(Object.entries(lies))('is refused where a second reader reads another %s', async (field, lie) => {
    const checked = await check(signed(), async (der) => ({ ...(await secondReader(der)), [field]: lie }));
    expect(checked).toMatchObject({ ok: false, mismatches: [`a second reader reads another ${field}`] });
  });

  it('is refused where a second reader cannot read it', async () => {
    const checked = await check(signed(), () => Promise.reject(new Error('no certificate')));
    expect(checked).toMatchObject({ ok: false, mismatches: ['a second reader cannot read it: no certificate'] });
  });

  it('is refused by the strict reader alone where the library reads on', async () => {
    const trailing = Buffer.concat([signed(), Buffer.of(5, 0)]);
    expect(await secondReader(Uint8Array.from(trailing))).toMatchObject({ serialNumber: expect.any(String) as string });
    expect(await check(trailing)).toMatchObject({ ok: false, fields: null });
  });
});

describe('an attempt whose signer lies', () => {
  let issuance: TestIssuance;
  beforeAll(async () => {
    issuance = await testIssuance();
  });
  afterAll(() => issuance.close());

  /** A cluster's signer that signs this for whatever it is asked. */
  const clusterSigner = (sign: (request: ApprovedRequest) => Uint8Array): Signer => ({
    needsCertificationRequest: true,
    needsCluster: true,
    mayBeResumed: true,
    requiredAccess: [],
    prepare: (request) => ({
      intent: { signer: 'kubernetes', objectName: `kubepass-${request.requestId}` },
      begin: () => () => Promise.resolve(),
      sign: () => Promise.resolve({ kind: 'written-elsewhere', der: sign(request) }),
      cleanUp: () => Promise.resolve(),
    }),
    resume: () => null,
    giveUp: () => Promise.resolve({ certificate: null, cleanUp: () => Promise.resolve() }),
  });

  const collect = async (lie: (der: Buffer) => Buffer) => {
    const { authority: ca } = issuance;
    const issuer = {
      ...authority,
      subject: ca.subjectRaw,
      key: { ...key, privateKey: ca.privateKey },
      keyIdentifier: ca.subjectKeyIdentifier,
    };
    return collectFrom(
      clusterSigner(({ subjectPublicKeyInfo }) =>
        lie(signed({ issuer, key: { ...key, spki: Buffer.from(subjectPublicKeyInfo) } })),
      ),
    );
  };

  const collectFrom = async (signer: Signer) => {
    issuance.setSigner(signer);
    const ask = { username: 'jane', groups: ['team-a'], expirationSeconds: 3600 };
    const created = await createRequest(issuance.context, alice, ask, { waitSeconds: 0, idempotency: null });
    if (!created.ok) throw new Error(created.refusal.kind);
    const { id } = created.value.request;
    await collectKubeconfig(issuance.context, alice, id);
    return issuance.context.store.requests.find(id);
  };

  it('ends as issued where it does not lie', async () => {
    expect(await collect((der) => der)).toMatchObject({ state: 'issued' });
  });

  it.each<[string, (der: Buffer) => Buffer, string]>([
    ['trailing octets', (der) => Buffer.concat([der, Buffer.of(0)]), 'trailing data'],
    ['another algorithm than it signed by', withOtherAlgorithm, 'does not chain'],
    // Properly signed: nothing but the two readings of it is wrong.
    ['a serial number that is negative or not', (der) => withNegativeSerial(der), 'reads another serialNumber'],
  ])('ends as failed: %s', async (_, lie, message) => {
    const failed = await collect(lie);
    expect(failed).toMatchObject({ state: 'failed', failure: { reason: 'IssuedCertificateMismatch' } });
    expect(failed?.failure?.message).toContain(message);
  });

  const inventory = async () =>
    (await issuance.context.store.certificates.list({}, { limit: 100, cursor: null })).items;

  it.each<[string, Partial<AssembledCertificate>]>([
    ['another signature', { signature: new Uint8Array(70) }],
    ['another TBSCertificate', { tbsCertificate: new Uint8Array(70) }],
  ])('is approved again, and nothing is issued: our own signer answers %s', async (_, lie) => {
    const lying = async (sign: () => Promise<SignedCertificate>): Promise<SignedCertificate> => {
      const signed = await sign();
      return signed.kind === 'assembled' ? { ...signed, ...lie } : signed;
    };
    const before = await inventory();
    expect(await collectFrom(signingBy(signerOf(issuance.authority), lying))).toMatchObject({
      state: 'approved',
      fingerprintSha256: null,
    });
    expect(await inventory()).toEqual(before);
  });

  /** The same certificate, signed anew, with the top bit of its serial number set. */
  function withNegativeSerial(der: Buffer): Buffer {
    const { tbsCertificate, serialNumber } = readCertificate(der);
    const tbs = Buffer.from(tbsCertificate);
    tbs.writeUInt8(0xda, tbs.indexOf(Buffer.from(serialNumber, 'hex')));
    const { signatureAlgorithm: algorithm, privateKey } = issuance.authority;
    return sealCertificate(tbs, algorithm, sign(algorithm.hash, tbs, privateKey));
  }
});

/** SHA-256 becomes SHA-384 inside and outside, for ECDSA and RSA: the same length, and not how it was signed. */
function withOtherAlgorithm(der: Buffer): Buffer {
  return Buffer.from(
    der
      .toString('hex')
      .replaceAll('06082a8648ce3d040302', '06082a8648ce3d040303')
      .replaceAll('2a864886f70d01010b', '2a864886f70d01010c'),
    'hex',
  );
}

/** With a leading zero octet that DER does not have; the lengths around it are those of a longer number. */
function longSerialNumber(): Buffer {
  const serialNumber = Buffer.from('5a0102030405060708090a0b0c0d0e0f', 'hex');
  const der = signed({ serialNumber });
  der.writeUInt8(0, der.indexOf(serialNumber));
  return der;
}
