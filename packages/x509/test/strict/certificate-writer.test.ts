// Tests packages/x509/src/strict/certificate-writer.ts
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { onlyElement, readInteger, unsignedInteger } from '../../src/strict/der.js';
import { newSerialNumber, writeCertificationRequest } from '../../src/strict/certificate-writer.js';
import { generateKeyPair, signaturesHere } from '../../src/strict/crypto.js';
import { keyAlgorithms } from '../../src/strict/key-algorithm.js';
import { readCertificationRequest } from '../../src/strict/certification-request.js';
import { CSR_PEM_LABEL, encodePem } from '../../src/strict/pem.js';

describe('a serial number', () => {
  it('is positive and 16 octets long in DER, at any time and with any random octets', () => {
    const instants = fc.date({ min: new Date(0), max: new Date('3000-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(instants, fc.constantFrom(0x00, 0x80, 0xff), (now, octet) => {
        const serialNumber = newSerialNumber(now, (size) => Buffer.alloc(size, octet));
        const content = readInteger(onlyElement(unsignedInteger(serialNumber), 'it'));
        expect(content).toHaveLength(16);
        expect(content.readUInt8(0)).toBeLessThan(0x80);
      }),
    );
  });

  it('sorts by time', () => {
    const times = [1, 2, 255, 256, 1893456000000, 1893456000001].map((time) => new Date(time));
    const serialNumbers = times.map((time) => newSerialNumber(time, randomBytes).toString('hex'));
    expect([...serialNumbers].sort()).toEqual(serialNumbers);
  });

  it('differs within one millisecond by 80 random bits', () => {
    const now = new Date('2030-01-01');
    const asked: number[] = [];
    const random = (size: number): Buffer => {
      asked.push(size);
      return randomBytes(size);
    };
    const serialNumbers = new Set(Array.from({ length: 1000 }, () => newSerialNumber(now, random).toString('hex')));
    expect(serialNumbers.size).toBe(1000);
    expect(new Set(asked)).toEqual(new Set([10]));
  });
});

describe('a certification request that is written', () => {
  it.each(keyAlgorithms.filter((one) => one !== 'RSA-3072'))(
    'with a key of %s is accepted by the strict reader, and by OpenSSL',
    async (algorithm) => {
      const key = await generateKeyPair(algorithm);
      const der = await writeCertificationRequest({ username: 'jäne@corp.example', groups: ['team-b', 'team-a'] }, key);
      const pem = encodePem(CSR_PEM_LABEL, der);
      const read = await readCertificationRequest(pem, signaturesHere);
      expect(read).toMatchObject({
        ok: true,
        csr: { username: 'jäne@corp.example', groups: ['team-b', 'team-a'], publicKey: { algorithm } },
      });
      if (read.ok) expect(read.csr.der.equals(der)).toBe(true);
      const openssl = spawnSync(
        'openssl',
        ['req', '-verify', '-noout', '-subject', '-utf8', '-nameopt', 'RFC2253,-esc_msb'],
        { input: pem, encoding: 'utf8' },
      );
      expect(openssl.status, openssl.stderr).toBe(0);
      expect(openssl.stdout).toContain('CN=jäne@corp.example,O=team-a,O=team-b');
    },
  );

  it('is written with long forms of length where names are long', async () => {
    const key = await generateKeyPair('Ed25519');
    const groups = Array.from({ length: 32 }, (_, i) => `${'g'.repeat(60)}${i}`);
    const pem = encodePem(CSR_PEM_LABEL, await writeCertificationRequest({ username: 'u'.repeat(64), groups }, key));
    expect(await readCertificationRequest(pem, signaturesHere)).toMatchObject({ ok: true, csr: { groups } });
    expect(key.subjectPublicKeyInfo).toHaveLength(44);
  });
});
