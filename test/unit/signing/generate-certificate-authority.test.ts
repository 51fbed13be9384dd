// Tests src/signing/generate-certificate-authority.ts
import { spawnSync } from 'node:child_process';
import { hash, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateCertificateAuthority } from '../../../src/signing/generate-certificate-authority.js';
import { decodeSinglePem, readCertificate, sha256, writeDistinguishedName } from '@kubepass/x509';
import { loadSigningAuthority } from '../../helpers/signing-authority.js';

const opensslIsThere = spawnSync('openssl', ['version']).status === 0;

describe('a generated CA', () => {
  const now = new Date('2030-06-01T12:00:00Z');
  let generated: Awaited<ReturnType<typeof generateCertificateAuthority>>;
  beforeAll(async () => {
    generated = await generateCertificateAuthority({ commonName: 'kubepass-ca', now, random: randomBytes });
  });

  it('is an RSA-2048 CA for ten years, backdated by five minutes', () => {
    const ca = loadSigningAuthority(generated.certificatePem, generated.privateKeyPem);
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

  it('names its key by SHA-256 (RFC 7093 2, method 1), and its certificate as the profile has it', () => {
    const { der } = decodeSinglePem(generated.certificatePem, 'CERTIFICATE') as { der: Buffer };
    const read = readCertificate(der);
    const ca = loadSigningAuthority(generated.certificatePem, generated.privateKeyPem);
    const key = hash('sha256', ca.publicKey.export({ type: 'pkcs1', format: 'der' }), 'buffer').subarray(0, 20);
    expect(read).toMatchObject({
      version: 3,
      subjectKeyIdentifier: key,
      authorityKeyIdentifier: null,
      keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
      extKeyUsage: null,
      basicConstraints: { ca: true, pathLenConstraint: 0 },
    });
    expect(read.extensions.map(({ id, critical }) => [id, critical])).toEqual([
      ['2.5.29.15', true],
      ['2.5.29.19', true],
      ['2.5.29.14', false],
    ]);
    expect(read.serialNumber).toMatch(/^[4-7][0-9a-f]{31}$/);
    expect(read.issuer.raw.equals(read.subject.raw)).toBe(true);
  });

  it.skipIf(!opensslIsThere)('makes no CA below it: openssl refuses a chain with one', async () => {
    const scratch = mkdtempSync(join(tmpdir(), 'ca-'));
    const inScratch = (...args: string[]) => spawnSync('openssl', args, { cwd: scratch, encoding: 'utf8' });
    writeFileSync(join(scratch, 'ca.crt'), generated.certificatePem);
    writeFileSync(join(scratch, 'ca.key'), generated.privateKeyPem);
    const signed = (name: string, issuer: string, extension: string) => {
      writeFileSync(join(scratch, 'ext'), extension);
      inScratch(
        'req',
        '-new',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        'csr',
        '-subj',
        `/CN=${name}`,
      );
      inScratch(
        'x509',
        '-req',
        '-in',
        'csr',
        '-CA',
        `${issuer}.crt`,
        '-CAkey',
        `${issuer}.key`,
        '-CAcreateserial',
        '-extfile',
        'ext',
        '-out',
        `${name}.crt`,
      );
    };
    signed('user', 'ca', 'basicConstraints=critical,CA:FALSE');
    signed('below', 'ca', 'basicConstraints=critical,CA:TRUE');
    signed('forged', 'below', 'basicConstraints=critical,CA:FALSE');
    const direct = inScratch('verify', '-no_check_time', '-CAfile', 'ca.crt', 'user.crt');
    const below = inScratch('verify', '-no_check_time', '-CAfile', 'ca.crt', '-untrusted', 'below.crt', 'forged.crt');
    rmSync(scratch, { recursive: true });
    expect(direct.stdout).toBe('user.crt: OK\n');
    expect(`${below.stdout}${below.stderr}`).toContain('path length constraint exceeded');
  });

  it.each(['kubepass "demo", O=system:masters', '#3003', 'a\\,b', 'ÄÖ+CN=x'])(
    'takes its name literally: %s',
    async (name) => {
      const made = await generateCertificateAuthority({ commonName: name, now, random: randomBytes });
      const { der } = decodeSinglePem(made.certificatePem, 'CERTIFICATE') as { der: Buffer };
      const { rdns, raw } = readCertificate(der).subject;
      expect(rdns.map((rdn) => rdn.map(({ type, text }) => [type, text]))).toEqual([[['2.5.4.3', name]]]);
      expect(raw.equals(writeDistinguishedName([{ CN: [name] }]))).toBe(true);
    },
  );

  it.skipIf(!opensslIsThere)('is strictly valid to openssl', () => {
    const scratch = mkdtempSync(join(tmpdir(), 'ca-'));
    const file = join(scratch, 'ca.crt');
    writeFileSync(file, generated.certificatePem);
    const at = String(now.getTime() / 1000);
    const { stdout } = spawnSync('openssl', ['verify', '-x509_strict', '-attime', at, '-CAfile', file, file]);
    rmSync(scratch, { recursive: true });
    expect(stdout.toString()).toBe(`${file}: OK\n`);
  });
});
