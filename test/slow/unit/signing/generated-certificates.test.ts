// Tests packages/x509/src/strict/certificate-writer.ts, src/signing/local-ca-signer.ts
import 'reflect-metadata';
import { execFileSync, spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintApprovedRequest } from '../../../../src/model/mint-approved-request.js';
import { encodePem, generateKeyPair, type KeyPair } from '@kubepass/x509';
import { derOf } from '../../../helpers/signers.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { buildCertificateAuthority } from '../../../../packages/x509/test/strict/build-certificate-authority.js';
import { loadSigningAuthority, signerOf, type TestSigningAuthority } from '../../../helpers/signing-authority.js';

const now = new Date();
const certificatesOfEach = 250;
const keyAlgorithms = ['ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519', 'RSA-2048', 'RSA-3072'] as const;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const scratch = temporaryDirectory();
afterAll(() => {
  scratch.remove();
});

/** Characters that fit a PrintableString, others that do not, and letters of two, three and four octets. */
const name = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    'c',
    'X',
    'Y',
    'Z',
    '0',
    '1',
    '9',
    '.',
    ':',
    '/',
    '-',
    '@',
    '_',
    'ä',
    'ñ',
    'ž',
    '日',
    '本',
    '𐐷',
  ),
  minLength: 1,
  maxLength: 64,
});
const ask = fc.record({
  username: name,
  groups: fc.array(name, { maxLength: 40 }),
  expirationSeconds: fc.integer({ min: 600, max: 31_536_000 }),
  keyAlgorithm: fc.constantFrom(...keyAlgorithms),
});

interface Issued {
  readonly asked: Parameters<typeof mintApprovedRequest>[0];
  readonly der: Buffer;
  readonly serialNumber: string;
}

const keyPairs = new Map<string, KeyPair>();
beforeAll(async () => {
  for (const algorithm of keyAlgorithms) keyPairs.set(algorithm, await generateKeyPair(algorithm));
});

describe.each(['RSA-2048', 'ECDSA-P256'] as const)(
  'certificates by a CA of %s, each for another request',
  (caAlgorithm) => {
    let authority: TestSigningAuthority;
    let caPem: string;
    const issued: Issued[] = [];
    beforeAll(async () => {
      const caKeys = await generateKeyPair(caAlgorithm);
      caPem = await buildCertificateAuthority(caKeys);
      authority = loadSigningAuthority(caPem, caKeys.privateKeyPem);
      const signer = signerOf(authority);
      for (const one of fc.sample(ask, certificatesOfEach)) {
        const { subjectPublicKeyInfo } = keyPairs.get(one.keyAlgorithm)!;
        const asked = {
          ...one,
          ...{ requestId: 'request', attempt: 1, cluster: 'demo', certificationRequest: null, probe: false },
          subjectPublicKeyInfo,
        };
        const { sign, intent } = signer.prepare(mintApprovedRequest(asked), now);
        issued.push({ asked, der: Buffer.from(derOf(await sign(now))), serialNumber: intent['serialNumber']! });
      }
    });

    it('are to Node what was asked for', () => {
      for (const { asked, der, serialNumber } of issued) {
        const theirs = new X509Certificate(der);
        expect(theirs.verify(authority.publicKey)).toBe(true);
        const spki = theirs.publicKey.export({ type: 'spki', format: 'der' });
        expect(spki.equals(asked.subjectPublicKeyInfo)).toBe(true);
        expect(theirs.subject).toBe([...asked.groups.map((group) => `O=${group}`), `CN=${asked.username}`].join('\n'));
        expect(theirs.serialNumber.toLowerCase()).toBe(serialNumber);
        expect(theirs.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
        expect(theirs.ca).toBe(false);
        const lifetime = Math.floor((now.getTime() + asked.expirationSeconds * 1000) / 1000) * 1000;
        expect(new Date(theirs.validTo).getTime()).toBe(lifetime);
      }
      expect(new Set(issued.map(({ serialNumber }) => serialNumber)).size).toBe(certificatesOfEach);
    });

    it('are to @peculiar/x509 what was asked for, octet by octet', () => {
      for (const { asked, der, serialNumber } of issued) {
        const theirs = new x509.X509Certificate(der);
        // All of it was read: nothing stands behind it, and nothing is longer than it says.
        expect(Buffer.from(theirs.rawData).equals(der)).toBe(true);
        expect(theirs.subjectName.toJSON()).toEqual([
          ...asked.groups.map((group) => ({ O: [group] })),
          { CN: [asked.username] },
        ]);
        expect(theirs.serialNumber).toBe(serialNumber);
        expect(Buffer.from(theirs.publicKey.rawData).equals(asked.subjectPublicKeyInfo)).toBe(true);
        expect(theirs.extensions.map(({ type, critical }) => [type, critical])).toEqual([
          ['2.5.29.15', true],
          ['2.5.29.37', false],
          ['2.5.29.19', true],
          ['2.5.29.35', false],
        ]);
      }
    });

    it.skipIf(!hasOpenssl)('are strictly valid for TLS clients to openssl, each', () => {
      const directory = join(scratch.path, caAlgorithm);
      mkdirSync(directory);
      writeFileSync(join(directory, 'ca.crt'), caPem);
      const files = issued.map(({ der }, i) => {
        writeFileSync(join(directory, `${String(i)}.crt`), encodePem('CERTIFICATE', der));
        return `${String(i)}.crt`;
      });
      const verify = ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', 'ca.crt', ...files];
      const verified = execFileSync('openssl', verify, { cwd: directory }).toString();
      expect(verified).toBe(files.map((file) => `${file}: OK\n`).join(''));
    });
  },
);
