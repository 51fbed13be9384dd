// Tests packages/x509/src/strict/certificate-list.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCertificateList, writeRevokedEntry, writeTbsCertificateList } from '../../src/strict/certificate-list.js';
import { bitString, contextConstructed, der, DerError, sequence, Tag, unsignedInteger } from '../../src/strict/der.js';
import { writeExtension } from '../../src/strict/extension.js';
import { decodeSinglePem } from '../../src/strict/pem.js';
import { signatureAlgorithmFor } from '../../src/strict/crypto.js';
import { writeTime } from '../../src/strict/validity.js';
import { makeAuthority, makeKey } from '../helpers/certificates.js';
import { temporaryDirectory } from '../../../../test/helpers/temporary-directory.js';

const authority = makeAuthority();
const { identifier } = signatureAlgorithmFor(authority.key.privateKey);
const from = new Date('2026-01-01T00:00:00Z');
const until = new Date('2026-02-01T00:00:00Z');

const sealed = (...tbs: readonly Uint8Array[]): Buffer =>
  sequence(sequence(...tbs), identifier, bitString(Buffer.alloc(64)));
const version2 = unsignedInteger(Buffer.of(1));
const head = [version2, identifier, authority.subject, writeTime(from), writeTime(until)];
const entry = (serial: string, ...extensions: readonly Uint8Array[]) =>
  sequence(
    unsignedInteger(Buffer.from(serial, 'hex')),
    writeTime(from),
    ...(extensions.length === 0 ? [] : [sequence(...extensions)]),
  );
const extensions = (...all: readonly Uint8Array[]) => der(contextConstructed(0), sequence(...all));
const any = (id: string, critical = false) => writeExtension(id, critical, sequence());

describe('readCertificateList', () => {
  it('reads what kubepass itself writes', () => {
    const tbs = writeTbsCertificateList({
      signatureAlgorithm: signatureAlgorithmFor(authority.key.privateKey),
      issuer: authority.subject,
      thisUpdate: from,
      nextUpdate: until,
      entries: [
        writeRevokedEntry({ serialNumber: '00ff', revokedAt: from, reason: 'keyCompromise' }),
        writeRevokedEntry({ serialNumber: '0a', revokedAt: from, reason: 'unspecified' }),
      ],
      authorityKeyIdentifier: authority.keyIdentifier,
      number: 7n,
    });
    const list = readCertificateList(sequence(tbs, identifier, bitString(Buffer.alloc(64))));
    expect(list).toMatchObject({ thisUpdate: from, nextUpdate: until });
    expect(list.issuer.raw.equals(authority.subject)).toBe(true);
    expect([...list.revoked]).toEqual(['ff', '0a']);
    expect(list.tbsCertList.equals(tbs)).toBe(true);
  });

  it('reads lists without entries, of version 1, and with extensions that change nothing', () => {
    expect(readCertificateList(sealed(...head)).revoked.size).toBe(0);
    expect(readCertificateList(sealed(...head.slice(1), sequence(entry('0b')))).revoked).toEqual(new Set(['0b']));
    const hold = writeExtension('2.5.29.21', false, der(Tag.ENUMERATED, Buffer.of(6)));
    const list = readCertificateList(sealed(...head, sequence(entry('0b', hold)), extensions(any('2.5.29.46'))));
    expect(list.revoked).toEqual(new Set(['0b']));
  });

  const [, algorithm, issuer, thisUpdate, nextUpdate] = head as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const refused: Readonly<Record<string, Buffer>> = {
    'a delta': sealed(...head, extensions(any('2.5.29.27', true))),
    'a delta that does not say that this matters': sealed(...head, extensions(any('2.5.29.27'))),
    'one for some certificates': sealed(...head, extensions(any('2.5.29.28', true))),
    'one for some certificates that does not say that this matters': sealed(...head, extensions(any('2.5.29.28'))),
    'one with entries of other issuers': sealed(...head, sequence(entry('0b', any('2.5.29.29', true)))),
    'one with an unknown critical extension': sealed(...head, extensions(any('1.2.3.4', true))),
    'one with an entry with an unknown critical extension': sealed(
      ...head,
      sequence(entry('0b', any('1.2.3.4', true))),
    ),
    'one with an extension twice': sealed(...head, extensions(any('1.2.3.4'), any('1.2.3.4'))),
    'one that never ends': sealed(version2, algorithm, issuer, thisUpdate),
    'one that never ends, with entries': sealed(version2, algorithm, issuer, thisUpdate, sequence(entry('0b'))),
    'one of version 3': sealed(unsignedInteger(Buffer.of(2)), ...head.slice(1)),
    'one that writes out version 1': sealed(unsignedInteger(Buffer.of(0)), ...head.slice(1)),
    'one of version 1 with extensions': sealed(...head.slice(1), extensions(any('1.2.3.4'))),
    'one of version 1 with an entry with extensions': sealed(...head.slice(1), sequence(entry('0b', any('1.2.3.4')))),
    'one with two algorithms': sealed(
      version2,
      signatureAlgorithmFor(makeKey('Ed25519').privateKey).identifier,
      issuer,
      thisUpdate,
      nextUpdate,
    ),
    'one with something behind': Buffer.concat([sealed(...head), Buffer.of(0)]),
    'one with something behind its fields': sealed(...head, sequence(), sequence()),
    'one with an entry that is cut off': sealed(...head, sequence(sequence(unsignedInteger(Buffer.of(1))))),
    'a certificate': authority.der,
    nothing: Buffer.alloc(0),
  };
  it.each(Object.entries(refused))('refuses %s', (_what, octets) => {
    expect(() => readCertificateList(octets)).toThrow(DerError);
  });

  describe.skipIf(spawnSync('openssl', ['version']).status !== 0)('beside openssl', () => {
    const directory = temporaryDirectory();
    afterAll(() => directory.remove());

    it('reads what openssl ca writes', () => {
      const file = (name: string, content?: string) => {
        const path = join(directory.path, name);
        if (content !== undefined) writeFileSync(path, content);
        return path;
      };
      const revoked = '260101000000Z';
      file(
        'index.txt',
        `R\t360101000000Z\t${revoked}\t5A01\tunknown\t/CN=jane\nV\t360101000000Z\t\t5A02\tunknown\t/CN=joe\n`,
      );
      file('crlnumber', '01\n');
      const config = file(
        'openssl.cnf',
        `[ca]\ndefault_ca = this\n[this]\ndatabase = ${file('index.txt')}\ncrlnumber = ${file('crlnumber')}\ndefault_md = sha256\n`,
      );
      const pem = execFileSync(
        'openssl',
        [
          ...['ca', '-config', config, '-gencrl', '-crldays', '1'],
          ...['-cert', file('ca.crt', authority.pem), '-keyfile', file('ca.key', authority.key.pem)],
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
      const decoded = decodeSinglePem(pem, 'X509 CRL');
      expect(decoded.ok && readCertificateList(decoded.der).revoked).toEqual(new Set(['5a01']));
    });
  });
});
