// Tests packages/x509/src/strict/certificate-writer.ts, packages/x509/src/strict/certificate-reader.ts,
// packages/x509/src/strict/extension.ts
import 'reflect-metadata';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCertificate } from '../../src/strict/certificate-reader.js';
import { assembleTbsCertificate, newSerialNumber, sealCertificate } from '../../src/strict/certificate-writer.js';
import { readCertificationRequest } from '../../src/strict/certification-request.js';
import { contextConstructed, der, DerError, inside, oid, onlyElement, sequence, Tag } from '../../src/strict/der.js';
import { displayDistinguishedName, readSubjectIdentity } from '../../src/strict/distinguished-name.js';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  writeExtension,
} from '../../src/strict/extension.js';
import { type KeyAlgorithm, keyAlgorithms } from '../../src/strict/key-algorithm.js';
import { generateKeyPair, importSpki, sign, verifySignature } from '../../src/strict/crypto.js';
import { decodeSinglePem, encodePem } from '../../src/strict/pem.js';
import type { SubjectPublicKeyInfo } from '../../src/strict/subject-public-key-info.js';
import { userCertificateValidity } from '../../src/strict/validity.js';
import { buildCertificateAuthority, caNotAfter } from './build-certificate-authority.js';
import { acceptedCsrs, readCsrFixture } from '../fixtures/csr/index.js';
import { mutate, mutations } from './mutate.js';
import { propertyRuns } from '../../../../test/helpers/property-runs.js';
import { loadSigningAuthority, type TestSigningAuthority } from '../../../../test/helpers/signing-authority.js';

const now = new Date();
const scratch = mkdtempSync(join(tmpdir(), 'certificates-'));
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const caAlgorithms = ['RSA-2048', 'ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519'] as const;
const authorities = new Map<KeyAlgorithm, { readonly ca: TestSigningAuthority; readonly file: string }>();
const publicKeys = new Map<string, SubjectPublicKeyInfo>();
const authorityOf = (algorithm: KeyAlgorithm) => authorities.get(algorithm)!;

beforeAll(async () => {
  for (const file of Object.keys(acceptedCsrs).filter((name) => /^openssl-(ecdsa|ed|rsa)/.test(name))) {
    const reading = await readCertificationRequest(readCsrFixture(file).toString('latin1'));
    if (reading.ok) publicKeys.set(reading.csr.publicKey.algorithm, reading.csr.publicKey);
  }
  for (const algorithm of caAlgorithms) {
    const keyPair = await generateKeyPair(algorithm);
    const pem = await buildCertificateAuthority(keyPair);
    const file = join(scratch, `${algorithm}.crt`);
    writeFileSync(file, pem);
    authorities.set(algorithm, { ca: loadSigningAuthority(pem, keyPair.privateKeyPem), file });
  }
});
afterAll(() => rmSync(scratch, { recursive: true }));

const subject = { username: 'jane@corp.example', groups: ['viewers', 'team-a'] };
const serialNumber = newSerialNumber(now, randomBytes);

async function issue(ca: TestSigningAuthority, keyAlgorithm: KeyAlgorithm): Promise<Buffer> {
  const tbsCertificate = assembleTbsCertificate({
    ...userCertificateValidity(now, 3600, ca.notAfter),
    ...subject,
    serialNumber,
    issuer: ca.subjectRaw,
    authorityKeyIdentifierExtension:
      ca.subjectKeyIdentifier && authorityKeyIdentifierExtension(ca.subjectKeyIdentifier),
    signatureAlgorithm: ca.signatureAlgorithm,
    subjectPublicKeyInfo: publicKeys.get(keyAlgorithm)!.der,
    keyAlgorithm,
  });
  return sealCertificate(
    tbsCertificate,
    ca.signatureAlgorithm,
    await sign(ca.signatureAlgorithm, tbsCertificate, ca.privateKey),
  );
}

const pairings = caAlgorithms.flatMap((caAlgorithm) => keyAlgorithms.map((key) => [caAlgorithm, key] as const));

describe.each(pairings)('a user certificate by a CA of %s for a key of %s', (caAlgorithm, keyAlgorithm) => {
  let certificate: Buffer;
  let ca: TestSigningAuthority;
  beforeAll(async () => {
    ({ ca } = authorityOf(caAlgorithm));
    certificate = await issue(ca, keyAlgorithm);
  });

  it('reads back as the profile has it', async () => {
    const read = readCertificate(certificate);
    expect(read).toMatchObject({
      version: 3,
      serialNumber: serialNumber.toString('hex'),
      keyUsage: keyAlgorithm.startsWith('RSA') ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
      extKeyUsage: ['1.3.6.1.5.5.7.3.2'],
      basicConstraints: { ca: false, pathLenConstraint: null },
      subjectKeyIdentifier: null,
      authorityKeyIdentifier: ca.subjectKeyIdentifier,
    });
    expect(readSubjectIdentity(read.subject)).toEqual({ ok: true, ...subject });
    expect(read.issuer.raw.equals(ca.subjectRaw)).toBe(true);
    expect(read.extensions.map(({ id, critical }) => [id, critical])).toEqual([
      ['2.5.29.15', true],
      ['2.5.29.37', false],
      ['2.5.29.19', true],
      ['2.5.29.35', false],
    ]);
    expect(read.subjectPublicKeyInfo.equals(publicKeys.get(keyAlgorithm)!.der)).toBe(true);
    expect(await verifySignature(ca.signatureAlgorithm, read.tbsCertificate, ca.publicKey, read.signature)).toBe(true);
  });

  it('is the same certificate to Node', async () => {
    const read = readCertificate(certificate);
    const theirs = new X509Certificate(certificate);
    expect(theirs.verify(ca.publicKey)).toBe(true);
    expect(theirs.checkIssued(new X509Certificate(ca.certificateDer))).toBe(true);
    expect(theirs.ca).toBe(false);
    expect(theirs.publicKey.equals(importSpki(publicKeys.get(keyAlgorithm)!.der))).toBe(true);
    expect(theirs.subject).toBe('O=viewers\nO=team-a\nCN=jane@corp.example');
    expect(theirs.subjectAltName).toBeUndefined();
    expect(theirs.serialNumber.toLowerCase()).toBe(read.serialNumber);
    expect(theirs.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(read.fingerprintSha256);
    expect(new Date(theirs.validFrom)).toEqual(read.notBefore);
    expect(new Date(theirs.validTo)).toEqual(read.notAfter);
  });

  it('is the same certificate to @peculiar/x509', async () => {
    const theirs = new x509.X509Certificate(certificate);
    expect(theirs.subjectName.toJSON()).toEqual([{ O: ['viewers'] }, { O: ['team-a'] }, { CN: ['jane@corp.example'] }]);
    const issuer = new x509.X509Certificate(ca.certificateDer);
    expect(await theirs.verify({ publicKey: issuer.publicKey, signatureOnly: true })).toBe(true);
    expect(theirs.getExtension(x509.KeyUsagesExtension)?.usages).toBe(
      keyAlgorithm.startsWith('RSA')
        ? x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment
        : x509.KeyUsageFlags.digitalSignature,
    );
    expect(theirs.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId).toBe(
      ca.subjectKeyIdentifier?.toString('hex'),
    );
  });

  it.skipIf(!hasOpenssl)('is strictly valid for TLS clients to openssl', () => {
    const file = join(scratch, 'leaf.crt');
    writeFileSync(file, encodePem('CERTIFICATE', certificate));
    const { file: caFile } = authorityOf(caAlgorithm);
    const verify = ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', caFile, file];
    expect(execFileSync('openssl', verify).toString()).toBe(`${file}: OK\n`);
  });
});

describe('a certificate of others', () => {
  const read = (pem: string) => {
    const block = decodeSinglePem(pem, 'CERTIFICATE');
    return readCertificate(block.ok ? block.der : Buffer.alloc(0));
  };

  it('is read with GeneralizedTime and a DN of our making', async () => {
    const certificate = read(await buildCertificateAuthority(await generateKeyPair('ECDSA-P384')));
    expect(certificate.notAfter).toEqual(caNotAfter);
    expect(displayDistinguishedName(certificate.subject)).toBe('CN=clients@corp.example,O=corp');
    expect(certificate.basicConstraints).toEqual({ ca: true, pathLenConstraint: null });
    expect(certificate.keyUsage).toEqual(['keyCertSign', 'cRLSign']);
  });

  it.skipIf(!hasOpenssl)('is read as openssl makes it, version 1 and keys that we do not accept included', () => {
    const openssl = (...args: string[]) =>
      execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    const key = join(scratch, 'other.key');
    const csr = join(scratch, 'other.csr');
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1', '-out', key);
    const v3 = read(
      openssl('req', '-x509', '-new', '-key', key, '-days', '3', '-subj', '/C=DE/ST=Berlin/O=corp+OU=it/CN=x', '-utf8'),
    );
    expect(v3.version).toBe(3);
    expect(displayDistinguishedName(v3.issuer)).toMatch(/^CN=x,O=corp\+OU=it,ST=Berlin,C=DE$|^CN=x,OU=it\+O=corp,ST/);
    expect(v3.authorityKeyIdentifier?.equals(v3.subjectKeyIdentifier ?? Buffer.alloc(0))).toBe(true);
    writeFileSync(csr, openssl('req', '-new', '-key', key, '-subj', '/CN=x'));
    const v1 = read(openssl('x509', '-req', '-in', csr, '-signkey', key, '-set_serial', '0x00ff01'));
    expect(v1).toMatchObject({ version: 1, serialNumber: 'ff01', extensions: [], basicConstraints: null });
  });

  it('shows serial numbers as their magnitude, zero and negative ones too', async () => {
    const certificate = await issue(authorityOf('ECDSA-P256').ca, 'ECDSA-P256');
    const withSerial = (content: string) => rebuild(certificate, 1, der(Tag.INTEGER, Buffer.from(content, 'hex')));
    expect(readCertificate(withSerial('00ff')).serialNumber).toBe('ff');
    expect(readCertificate(withSerial('0100')).serialNumber).toBe('0100');
    expect(readCertificate(withSerial('00')).serialNumber).toBe('00');
    expect(readCertificate(withSerial('ff')).serialNumber).toBe('-01');
  });

  it.each([
    [
      'a version that is written out although it is the default',
      0,
      der(contextConstructed(0), der(Tag.INTEGER, Buffer.of(0))),
    ],
    ['an unknown version', 0, der(contextConstructed(0), der(Tag.INTEGER, Buffer.of(3)))],
    ['another algorithm inside than outside', 2, sequence(oid('1.2.840.113549.1.1.11'), der(Tag.NULL))],
    [
      'a duplicate extension',
      7,
      der(contextConstructed(3), sequence(basicConstraintsExtension(true), basicConstraintsExtension(true))),
    ],
    ['no extension in its extensions', 7, der(contextConstructed(3), sequence())],
    [
      'a KeyUsage without bits',
      7,
      der(contextConstructed(3), sequence(writeExtension('2.5.29.15', true, der(Tag.BIT_STRING, Buffer.of(0))))),
    ],
    [
      'a KeyUsage with trailing zero bits',
      7,
      der(contextConstructed(3), sequence(writeExtension('2.5.29.15', true, der(Tag.BIT_STRING, Buffer.of(0, 0x80))))),
    ],
  ])('is refused with %s', async (_, field, replacement) => {
    const certificate = await issue(authorityOf('ECDSA-P256').ca, 'ECDSA-P256');
    expect(() => readCertificate(rebuild(certificate, field, replacement))).toThrow(DerError);
  });

  it('either is read or refused as malformed, whatever octets are changed', async () => {
    const certificate = await issue(authorityOf('ECDSA-P256').ca, 'ECDSA-P256');
    fc.assert(
      fc.property(mutations, (changes) => {
        try {
          readCertificate(mutate(certificate, changes));
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
      { numRuns: propertyRuns(2000) },
    );
  });

  /** The certificate with one field of its TBSCertificate replaced; its signature is no longer right. */
  function rebuild(certificate: Buffer, field: number, replacement: Buffer): Buffer {
    const outer = inside(onlyElement(certificate, 'the certificate'));
    const tbs = inside(outer.next());
    const fields: Buffer[] = [];
    while (!tbs.atEnd) fields.push(tbs.next().raw);
    fields[field] = replacement;
    return sequence(sequence(...fields), outer.next().raw, outer.next().raw);
  }
});
