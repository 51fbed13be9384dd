import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  generateCertificateAuthority,
  loadCertificateAuthority,
} from '../../../../src/x509/strict/certificate-authority.js';
import { keyUsageExtension } from '../../../../src/x509/strict/extension.js';
import { generateKeyPair, type KeyPair } from '../../../../src/x509/strict/key-pair.js';
import { encodePem } from '../../../../src/x509/strict/pem.js';
import { sha256 } from '../../../../src/x509/strict/sha256.js';
import { buildCertificateAuthority, caExtensions } from './build-certificate-authority.js';

describe('a generated CA', () => {
  const now = new Date('2030-06-01T12:00:00Z');
  let generated: Awaited<ReturnType<typeof generateCertificateAuthority>>;
  beforeAll(async () => {
    generated = await generateCertificateAuthority({ commonName: 'kubepass-ca', now, random: randomBytes });
  });

  it('is an RSA-2048 CA for ten years, backdated by five minutes', () => {
    const ca = loadCertificateAuthority(generated.certificatePem, generated.privateKeyPem);
    expect(ca.notBefore).toEqual(new Date('2030-06-01T11:55:00Z'));
    expect(ca.notAfter).toEqual(new Date('2040-06-01T12:00:00Z'));
    expect(ca.publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048, publicExponent: 65537n });
    expect(ca.signatureAlgorithm.name).toBe('sha256WithRSAEncryption');
    expect(ca.subjectKeyIdentifier).toHaveLength(20);
    expect(ca.spkiSha256).toBe(sha256(ca.publicKey.export({ type: 'spki', format: 'der' })));
    const theirs = new X509Certificate(generated.certificatePem);
    expect(theirs.ca).toBe(true);
    expect(theirs.subject).toBe('CN=kubepass-ca');
    expect(theirs.verify(theirs.publicKey)).toBe(true);
  });

  it.skipIf(spawnSync('openssl', ['version']).status !== 0)('is strictly valid to openssl', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'ca-'));
    const file = join(scratch, 'ca.crt');
    writeFileSync(file, generated.certificatePem);
    const at = String(now.getTime() / 1000);
    const { stdout } = spawnSync('openssl', ['verify', '-x509_strict', '-attime', at, '-CAfile', file, file]);
    rmSync(scratch, { recursive: true });
    expect(stdout.toString()).toBe(`${file}: OK\n`);
  });
});

describe('a CA that is loaded', () => {
  let p256: KeyPair;
  beforeAll(async () => {
    p256 = await generateKeyPair('ECDSA-P256');
  });

  it.each(['RSA-2048', 'RSA-3072', 'ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519'] as const)(
    'may have a key of %s',
    async (algorithm) => {
      const keyPair = await generateKeyPair(algorithm);
      const ca = loadCertificateAuthority(await buildCertificateAuthority(keyPair), keyPair.privateKeyPem);
      expect(ca.privateKey.equals(keyPair.privateKey)).toBe(true);
      expect(ca.signatureAlgorithm.fits(algorithm)).toBe(true);
    },
  );

  it('may have its key in PKCS#1 or SEC 1 form, as kubeadm and k3s write it', async () => {
    const rsa = await generateKeyPair('RSA-2048');
    const pkcs1 = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    const sec1 = p256.privateKey.export({ type: 'sec1', format: 'pem' }).toString();
    const loaded = [
      loadCertificateAuthority(await buildCertificateAuthority(rsa), pkcs1),
      loadCertificateAuthority(await buildCertificateAuthority(p256), sec1),
    ];
    expect(loaded.map(({ privateKey }) => privateKey.asymmetricKeyType)).toEqual(['rsa', 'ec']);
  });

  it('may lack a keyUsage and a SubjectKeyIdentifier', async () => {
    const pem = await buildCertificateAuthority(p256, { extensions: [caExtensions.basicConstraints] });
    expect(loadCertificateAuthority(pem, p256.privateKeyPem).subjectKeyIdentifier).toBeNull();
  });

  it.each([
    ['no PEM', () => 'nothing', 'the CA certificate cannot be read'],
    ['two certificates', (pem: string) => pem + pem, 'there are several'],
    ['something else in the PEM', () => encodePem('CERTIFICATE', Buffer.from('3000', 'hex')), 'cannot be read'],
  ])('is refused with %s', async (_, change, message) => {
    const pem = change(await buildCertificateAuthority(p256));
    expect(() => loadCertificateAuthority(pem, p256.privateKeyPem)).toThrow(message);
  });

  it.each([
    ['it is no CA', [caExtensions.keyUsage], 'does not say CA:TRUE'],
    ['it may not sign', [caExtensions.basicConstraints, keyUsageExtension(['cRLSign'])], 'lacks keyCertSign'],
  ])('is refused where %s', async (_, extensions, message) => {
    const pem = await buildCertificateAuthority(p256, { extensions });
    expect(() => loadCertificateAuthority(pem, p256.privateKeyPem)).toThrow(message);
  });

  it('is refused with the key of another', async () => {
    const pem = await buildCertificateAuthority(p256);
    const other = await generateKeyPair('ECDSA-P256');
    expect(() => loadCertificateAuthority(pem, other.privateKeyPem)).toThrow('does not belong to');
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
    expect(() => loadCertificateAuthority(pem, keyPem)).toThrow('the CA key must be');
  });

  it('is refused with a private key that cannot be read, without quoting it', async () => {
    const pem = await buildCertificateAuthority(p256);
    const encrypted = p256.privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString();
    expect(() => loadCertificateAuthority(pem, encrypted)).toThrow('encrypted');
    const broken = p256.privateKeyPem.replace(/\n.{20}/, '\n');
    expect(() => loadCertificateAuthority(pem, broken)).toThrow(/^the CA private key cannot be read: PEM in/);
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
