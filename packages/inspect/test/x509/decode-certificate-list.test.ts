// Tests packages/inspect/src/x509/decode-certificate-list.ts, packages/inspect/src/x509/decode-signed-object.ts
import { describe, expect, it } from 'vitest';

import { der, Tag } from '@kubepass/x509';
import { algorithmOf, entryOf, extensionOf, rawList, testKey, time } from './build.js';
import { decodeListPiece, pieceOf, readList, verifyWith } from './decoding.js';

const REASON_CODE = '2.5.29.21';
const reason = (n: number): Buffer => extensionOf(REASON_CODE, Buffer.of(0x0a, 1, n));
const crlNumber = extensionOf('2.5.29.20', Buffer.of(2, 1, 7));

describe('decodeCertificateList', () => {
  it('says nothing of a list that is in order', () => {
    const { content, decoded, observations } = readList(
      rawList({ entries: [entryOf(0x11, reason(1)), entryOf(0x12)], extensions: [crlNumber] }),
    );
    expect(observations).toEqual([]);
    expect(content).toMatchObject({
      version: 2,
      issuer: { text: 'CN=test-ca' },
      thisUpdate: '2026-01-01T00:00:00Z',
      nextUpdate: '2027-01-01T00:00:00Z',
      extensions: [{ name: 'cRLNumber', value: '7' }],
      revokedCount: 2,
      revoked: [
        { serialNumber: '11', revocationDate: '2026-02-01T00:00:00Z', reason: 'keyCompromise' },
        { serialNumber: '12', revocationDate: '2026-02-01T00:00:00Z', reason: null },
      ],
    });
    if (decoded.material?.kind !== 'list') throw new Error('no material of a list');
    expect([...decoded.material.revokedSerialNumbers]).toEqual(['11', '12']);
    expect(verifyWith(decoded.material.signed, testKey.spki)).toBe('valid');
  });

  it('reads one without an end, without entries, of version 1', () => {
    const { content, codes } = readList(rawList({ version: null, nextUpdate: null }));
    expect(content).toMatchObject({ version: 1, nextUpdate: null, revokedCount: 0, revoked: [] });
    expect(codes).toEqual([]);
  });

  it.each([
    ['version 1 with extensions', { version: null, extensions: [crlNumber] }, ['VersionContradictory']],
    ['another version', { version: der(Tag.INTEGER, Buffer.of(2)) }, ['VersionContradictory']],
    ['two algorithms', { innerAlgorithm: algorithmOf('1.2.840.10045.4.3.3') }, ['SignatureAlgorithmsDiffer']],
    ['SHA-1', { algorithm: algorithmOf('1.2.840.10045.4.1') }, ['WeakSignature']],
    ['a time of a wrong form', { thisUpdate: time('20260101000000Z') }, ['ValidityEncodedWrong']],
    [
      'an unknown critical extension',
      { extensions: [extensionOf('1.2.3', Buffer.of(5, 0), 0xff)] },
      ['UnknownCriticalExtension'],
    ],
    ['an extension twice', { extensions: [crlNumber, crlNumber] }, ['DuplicateExtension']],
    ['a reason that is none', { entries: [entryOf(1, reason(7))] }, ['MalformedExtension']],
    [
      'a critical extension of an entry',
      { entries: [entryOf(1, extensionOf('1.2.3', Buffer.of(5, 0), 0xff))] },
      ['UnknownCriticalExtension'],
    ],
  ])('reports %s', (_, fields, expected) => {
    expect(readList(rawList(fields)).codes).toEqual(expected);
  });

  it('takes half of one for none', () => {
    const decoded = decodeListPiece(pieceOf(rawList().subarray(0, 50)));
    expect(decoded.content).toMatchObject({ type: 'Unknown', resembles: 'a certificate list' });
    expect(decoded.observations.map(({ code }) => code)).toEqual(['MalformedObject']);
  });
});
