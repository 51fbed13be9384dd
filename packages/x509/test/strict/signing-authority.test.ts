import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadSigningAuthority } from '../../src/strict/signing-authority.js';
import { generateKeyPair, type KeyPair } from '../../src/strict/crypto.js';
import { encodePem } from '../../src/strict/pem.js';
import { buildCertificateAuthority, caExtensions } from './build-certificate-authority.js';

describe('a CA that is loaded', () => {
  let p256: KeyPair;
  beforeAll(async () => {
    p256 = await generateKeyPair('ECDSA-P256');
  });

  it.each(['RSA-2048', 'RSA-3072', 'ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519'] as const)(
    'may have a key of %s',
    async (algorithm) => {
      const keyPair = await generateKeyPair(algorithm);
      const ca = loadSigningAuthority(await buildCertificateAuthority(keyPair), keyPair.privateKeyPem);
      expect(ca.privateKey.equals(keyPair.privateKey)).toBe(true);
      expect(ca.signatureAlgorithm.fits(algorithm)).toBe(true);
    },
  );

  it('may have its key in PKCS#1 or SEC 1 form, as kubeadm and k3s write it', async () => {
    const rsa = await generateKeyPair('RSA-2048');
    const pkcs1 = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const sec1 = p256.privateKey.export({ type: 'sec1', format: 'pem' }).toString();
    const loaded = [
      loadSigningAuthority(await buildCertificateAuthority(rsa), pkcs1),
      loadSigningAuthority(await buildCertificateAuthority(p256), sec1),
    ];
    expect(loaded.map(({ privateKey }) => privateKey.asymmetricKeyType)).toEqual(['rsa', 'ec']);
  });

  it('may lack a keyUsage and a SubjectKeyIdentifier', async () => {
    const pem = await buildCertificateAuthority(p256, { extensions: [caExtensions.basicConstraints] });
    expect(loadSigningAuthority(pem, p256.privateKeyPem).subjectKeyIdentifier).toBeNull();
  });

  it.each([
    ['no PEM', () => 'nothing', 'the CA certificate cannot be read'],
    ['two certificates', (pem: string) => pem + pem, 'there are several'],
    ['something else in the PEM', () => encodePem('CERTIFICATE', Buffer.from('3000', 'hex')), 'cannot be read'],
  ])('is refused with %s', async (_, change, message) => {
    const pem = change(await buildCertificateAuthority(p256));
    expect(() => loadSigningAuthority(pem, p256.privateKeyPem)).toThrow(message);
  });

  it.each([
    ['it is no CA', [caExtensions.keyUsage], 'does not say CA:TRUE'],
    [
      'it may not sign',
      [caExtensions.basicConstraints, new KeyUsagesExtension(KeyUsageFlags.cRLSign, true)],
      'lacks keyCertSign',
    ],
  ])('is refused where %s', async (_, extensions, message) => {
    const pem = await buildCertificateAuthority(p256, { extensions });
    expect(() => loadSigningAuthority(pem, p256.privateKeyPem)).toThrow(message);
  });

  it('is refused with the key of another', async () => {
    const pem = await buildCertificateAuthority(p256);
    const other = await generateKeyPair('ECDSA-P256');
    expect(() => loadSigningAuthority(pem, other.privateKeyPem)).toThrow('does not belong to');
  });

  it.each([
    ['RSA-1024', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['explicit parameters', generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
  ])('is refused with a key of %s', async (_, { publicKey, privateKey }) => {
    const subjectPublicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
    const pem = await buildCertificateAuthority(p256, { subjectPublicKeyInfo });
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => loadSigningAuthority(pem, keyPem)).toThrow('the CA key must be');
  });

  it('is refused with a private key that cannot be read, without quoting it', async () => {
    const pem = await buildCertificateAuthority(p256);
    const encrypted = p256.privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString();
    expect(() => loadSigningAuthority(pem, encrypted)).toThrow('encrypted');
    const broken = p256.privateKeyPem.replace(/\n.{20}/, '\n');
    expect(() => loadSigningAuthority(pem, broken)).toThrow(/^the CA private key cannot be read: PEM in/);
  });
});

describe('generating an RSA key', () => {
  it('leaves the event loop free', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await generateKeyPair('RSA-3072');
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});
