// Tests src/signing/local-ca-signer.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readClientTrust } from '../../src/kubernetes/certificate-authorities.js';
import { mintApprovedRequest } from '../../src/model/mint-approved-request.js';
import { generateCertificateAuthority } from '../../src/signing/generate-certificate-authority.js';
import { generateKeyPair, readCertificate, sha256 } from '@kubepass/x509';
import { derOf } from '../helpers/signers.js';
import { signerContract } from './signer-contract.js';
import { loadSigningAuthority, signerOf } from '../helpers/signing-authority.js';

const soon = () => new Date(Date.now() + 30_000);

let generated: ReturnType<typeof generateCertificateAuthority> | undefined;
async function localCa() {
  generated ??= generateCertificateAuthority({ commonName: 'contract-ca', now: new Date(), random: randomBytes });
  const { certificatePem, privateKeyPem } = await generated;
  const authority = loadSigningAuthority(certificatePem, privateKeyPem);
  return { authority, signer: signerOf(authority), kind: 'localCA', trust: readClientTrust(certificatePem) };
}

signerContract('local CA', localCa);

describe('LocalCaSigner', () => {
  const approve = async (expirationSeconds: number) =>
    mintApprovedRequest({
      requestId: 'r',
      attempt: 1,
      cluster: 'demo',
      username: 'jane',
      groups: ['b', 'a'],
      keyAlgorithm: 'ECDSA-P256',
      subjectPublicKeyInfo: (await generateKeyPair('ECDSA-P256')).subjectPublicKeyInfo,
      expirationSeconds,
      certificationRequest: null,
      probe: false,
    });

  it('signs the very bytes and serial number that its intent names', async () => {
    const { signer } = await localCa();
    const prepared = signer.prepare(await approve(3600), new Date());
    const certificate = readCertificate(derOf(await prepared.sign(soon())));
    expect(prepared.intent).toEqual({
      signer: 'localCA',
      issuer: 'default',
      serialNumber: certificate.serialNumber,
      tbsSha256: sha256(certificate.tbsCertificate),
    });
  });

  it('keeps the order of groups', async () => {
    const { signer } = await localCa();
    const certificate = readCertificate(derOf(await signer.prepare(await approve(3600), new Date()).sign(soon())));
    expect(certificate.subject.rdns.map((rdn) => rdn.map(({ text }) => text))).toEqual([['b'], ['a'], ['jane']]);
  });

  it('backdates five minutes and never outlives its CA', async () => {
    const { signer, authority } = await localCa();
    const now = new Date('2030-01-01T00:00:00.000Z');
    const short = readCertificate(derOf(await signer.prepare(await approve(3600), now).sign(soon())));
    expect(short.notBefore.toISOString()).toBe('2029-12-31T23:55:00.000Z');
    expect(short.notAfter.toISOString()).toBe('2030-01-01T01:00:00.000Z');
    const long = readCertificate(derOf(await signer.prepare(await approve(2 ** 31 - 1), now).sign(soon())));
    expect(long.notAfter).toEqual(authority.notAfter);
  });

  it('refuses to sign once its CA has expired', async () => {
    const { signer, authority } = await localCa();
    const late = new Date(authority.notAfter.getTime() + 1000);
    await expect(signer.prepare(await approve(3600), late).sign(soon())).rejects.toMatchObject({
      name: 'SigningRefusedError',
      reason: 'CertificateAuthorityNotValid',
    });
  });

  it('does not fail a request for good if the clock is behind its CA', async () => {
    const { signer, authority } = await localCa();
    const early = new Date(authority.notBefore.getTime() - 1000);
    await expect(signer.prepare(await approve(3600), early).sign(soon())).rejects.toMatchObject({
      name: 'SignerUnavailableError',
    });
  });
});
