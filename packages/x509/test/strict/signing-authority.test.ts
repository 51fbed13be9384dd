// Tests packages/x509/src/strict/signing-authority.ts
import 'reflect-metadata';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { KeyUsageFlags, KeyUsagesExtension } from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSigningAuthority } from '../../src/strict/signing-authority.js';
import { generateKeyPair, type KeyPair } from '../../src/strict/crypto.js';
import { encodePem } from '../../src/strict/pem.js';
import { buildCertificateAuthority, caExtensions } from './build-certificate-authority.js';

describe('a CA certificate that signs here', () => {
  let p256: KeyPair;
  beforeAll(async () => {
    p256 = await generateKeyPair('ECDSA-P256');
  });

  it.each(['RSA-2048', 'RSA-3072', 'ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519'] as const)(
    'may have a key of %s',
    async (algorithm) => {
      const keyPair = await generateKeyPair(algorithm);
      const ca = readSigningAuthority(await buildCertificateAuthority(keyPair));
      expect(ca.publicKey.equals(createPublicKey(keyPair.privateKey))).toBe(true);
      expect(ca.signatureAlgorithm.fits(algorithm)).toBe(true);
    },
  );

  it('may lack a keyUsage and a SubjectKeyIdentifier', async () => {
    const pem = await buildCertificateAuthority(p256, { extensions: [caExtensions.basicConstraints] });
    expect(readSigningAuthority(pem).subjectKeyIdentifier).toBeNull();
  });

  it.each([
    ['no PEM', () => 'nothing', 'the CA certificate cannot be read'],
    ['two certificates', (pem: string) => pem + pem, 'there are several'],
    ['something else in the PEM', () => encodePem('CERTIFICATE', Buffer.from('3000', 'hex')), 'cannot be read'],
  ])('is refused with %s', async (_, change, message) => {
    const pem = change(await buildCertificateAuthority(p256));
    expect(() => readSigningAuthority(pem)).toThrow(message);
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
    expect(() => readSigningAuthority(pem)).toThrow(message);
  });

  it.each([
    ['RSA-1024', generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['explicit parameters', generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' })],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
  ])('is refused with a key of %s', async (_, { publicKey }) => {
    const subjectPublicKeyInfo = publicKey.export({ type: 'spki', format: 'der' });
    const pem = await buildCertificateAuthority(p256, { subjectPublicKeyInfo });
    expect(() => readSigningAuthority(pem)).toThrow('the CA key must be');
  });
});

describe('generating an RSA key', () => {
  it('leaves the event loop free', async () => {
    let turns = 0;
    const key = { isGenerated: false };
    const generated = generateKeyPair('RSA-3072').then(() => (key.isGenerated = true));
    for (; !key.isGenerated; turns++) await new Promise(setImmediate);
    await generated;
    expect(turns).toBeGreaterThan(3);
  });
});
