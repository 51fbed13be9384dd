// Tests packages/inspect/src/x509/decode-certificate.ts, packages/inspect/src/x509/go-rules.ts,
// packages/inspect/src/x509/decode-signed-object.ts
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { contextConstructed, contextPrimitive, der, sequence, Tag } from '@kubepass/x509';
import { makeAuthority, makeCertificate, makeKey, nameOf, testNow } from '../../../x509/test/helpers/certificates.js';
import { algorithmOf, explicitVersion, extensionOf, rawCertificate, rawName, string, time } from './build.js';
import { decodeCertificatePiece, decodeContext, pieceOf, readCertificate, verifyWith } from './decoding.js';

const integer = (...octets: number[]): Buffer => der(Tag.INTEGER, Buffer.from(octets));
const KEY_USAGE = '2.5.29.15';
const SUBJECT_ALT_NAME = '2.5.29.17';
const digitalSignature = extensionOf(KEY_USAGE, Buffer.from('03020780', 'hex'), 0xff);

describe('decodeCertificate', () => {
  it('says nothing of a certificate that is in order', () => {
    const authority = makeAuthority();
    const { content, material, observations } = readCertificate(makeCertificate({ issuer: authority }).der);
    expect(observations).toEqual([]);
    expect(content).toMatchObject({
      version: 3,
      subject: { text: 'CN=jane' },
      issuer: { text: 'CN=test-ca' },
      notBefore: '2026-05-01T00:00:00Z',
      notAfter: '2027-01-01T00:00:00Z',
      secondsRemaining: (Date.UTC(2027, 0) - testNow.getTime()) / 1000,
      publicKey: { algorithm: 'ECDSA-P256', bits: 256, curve: 'P-256', exponent: null },
      selfSigned: false,
      inventory: null,
    });
    expect(verifyWith(material.signed, authority.key.spki)).toBe('valid');
    expect(verifyWith(material.signed, makeKey().spki)).toBe('invalid');
  });

  it('says of a root that it signed itself', () => {
    expect(readCertificate(makeAuthority().der).content.selfSigned).toBe(true);
    expect(readCertificate(makeAuthority({ forged: true }).der).content.selfSigned).toBe(false);
  });

  it('says that a signature was not checked where no more may be', () => {
    const context = { ...decodeContext, budget: { ...decodeContext.budget, mayVerify: () => false } };
    expect(decodeCertificatePiece(pieceOf(makeAuthority().der), context).content).toMatchObject({ selfSigned: null });
  });

  describe('versions', () => {
    it.each([
      ['left out', null, undefined, 1, ['VersionNotV3']],
      ['1', explicitVersion(0), undefined, 1, ['NonDerEncoding', 'VersionNotV3']],
      ['2', explicitVersion(1), undefined, 2, ['VersionNotV3']],
      ['4', explicitVersion(3), undefined, 4, ['VersionContradictory']],
      ['negative', explicitVersion(0xfe), undefined, -1, ['VersionContradictory']],
      ['huge', explicitVersion(1, 2, 3, 4, 5), undefined, 0, ['VersionContradictory']],
      ['1, with extensions', null, [digitalSignature], 1, ['VersionNotV3', 'VersionContradictory']],
      ['2, with extensions', explicitVersion(1), [digitalSignature], 2, ['VersionNotV3', 'VersionContradictory']],
    ])('%s', (_, version, extensions, shown, expected) => {
      const { content, codes } = readCertificate(rawCertificate({ version, extensions: extensions ?? null }));
      expect(content.version).toBe(shown);
      expect(content.extensions).toHaveLength(extensions?.length ?? 0);
      expect(codes).toEqual(expected);
    });

    it('unique identifiers, which version 1 does not have', () => {
      const uniqueIds = [contextPrimitive(1), contextPrimitive(2)].map((tag) => der(tag, Buffer.of(0, 0xab, tag)));
      const { content, codes, messages } = readCertificate(rawCertificate({ version: explicitVersion(1), uniqueIds }));
      expect(content).toMatchObject({ issuerUniqueId: 'ab81', subjectUniqueId: 'ab82' });
      expect(codes).toEqual(['VersionNotV3', 'UniqueIdentifierPresent']);
      expect(messages('UniqueIdentifierPresent')).toEqual([
        'it carries a unique identifier of the issuer and the subject',
      ]);
      expect(readCertificate(rawCertificate({ version: null, uniqueIds })).codes).toContain('VersionContradictory');
    });
  });

  describe('serial numbers', () => {
    it.each([
      ['of 16 octets', integer(0x5a, ...Array<number>(15).fill(1)), `5a${'01'.repeat(15)}`, []],
      ['of 20 octets', integer(0x7f, ...Array<number>(19).fill(1)), `7f${'01'.repeat(19)}`, []],
      ['of 21 octets', integer(0, 0x80, ...Array<number>(19).fill(1)), `80${'01'.repeat(19)}`, ['SerialNumberTooLong']],
      ['of 100 octets', integer(...Array<number>(100).fill(1)), '01'.repeat(100), ['SerialNumberTooLong']],
      ['zero', integer(0), '00', ['SerialNumberNotPositive']],
      ['negative', integer(0xff), '-01', ['SerialNumberNotPositive']],
      ['of one octet', integer(1), '01', ['SerialNumberLowEntropy']],
      ['of 63 random bits that begin with zeros', integer(1, 2, 3, 4, 5, 6, 7), '01020304050607', []],
    ])('%s', (_, serialNumber, shown, expected) => {
      const { content, codes } = readCertificate(rawCertificate({ serialNumber }));
      expect(content.serialNumber).toBe(shown);
      expect(codes).toEqual(expected);
    });

    it('zero or one, of a root, as older kubeadm, k3s and minikube give it', () => {
      for (const number of [0, 1])
        expect(readCertificate(makeAuthority({ serialNumber: Buffer.of(number) }).der).codes).toEqual([]);
    });

    it('with zeros before it, which are not shown', () => {
      const { content, codes } = readCertificate(
        rawCertificate({ serialNumber: integer(0, 0, 0x5a, 1, 2, 3, 4, 5, 6, 7) }),
      );
      expect(content.serialNumber).toBe('5a01020304050607');
      expect(codes).toEqual(['NonMinimalEncoding']);
    });
  });

  describe('validity', () => {
    it.each([
      ['before 2050', '20260101000000Z', '2026-01-01T00:00:00Z', 'GeneralizedTime before the year 2050'],
      ['with a fraction', '20260101000000.25Z', '2026-01-01T00:00:00.250Z', 'not of the form YYYYMMDDHHMMSSZ'],
      ['without seconds', '2601010000Z', '2026-01-01T00:00:00Z', 'not of the form YYMMDDHHMMSSZ'],
      ['with an offset', '260101020000+0200', '2026-01-01T00:00:00Z', 'not of the form YYMMDDHHMMSSZ'],
      ['without a zone', '260101000000', '2026-01-01T00:00:00Z', 'not of the form YYMMDDHHMMSSZ'],
      ['on 30 February', '260230000000Z', '1970-01-01T00:00:00Z', 'no time that can be read: "260230000000Z"'],
      ['that is text', 'yesterday', '1970-01-01T00:00:00Z', 'no time that can be read: "yesterday"'],
      ['of the year 0', '00000101000000Z', '0000-01-01T00:00:00Z', null],
    ])('a time %s', (name, text, shown, message) => {
      const { content, codes, messages } = readCertificate(rawCertificate({ notBefore: time(text) }));
      expect(content.notBefore).toBe(shown);
      // Go reads the others, too.
      const isRead = ['before 2050', 'without seconds', 'with an offset'].includes(name);
      const code = isRead ? 'ValidityEncodedWrong' : 'NotLoadable';
      expect(codes).toEqual(message === null ? [] : [code]);
      expect(messages(code)).toEqual(message === null ? [] : [expect.stringMatching(/^notBefore is/)]);
      if (message !== null) expect(messages(code)[0]).toContain(message);
    });

    it('reads the years of UTCTime as RFC 5280 has it', () => {
      const { content, codes } = readCertificate(
        rawCertificate({ notBefore: time('500101000000Z'), notAfter: time('491231235959Z') }),
      );
      expect([content.notBefore, content.notAfter]).toEqual(['1950-01-01T00:00:00Z', '2049-12-31T23:59:59Z']);
      expect(codes).toEqual([]);
    });

    it('ends before it begins', () => {
      expect(readCertificate(rawCertificate({ notAfter: time('250101000000Z') })).messages('ValidityInverted')).toEqual(
        ['it begins at 2026-01-01T00:00:00Z and ends at 2025-01-01T00:00:00Z'],
      );
    });

    it('has no end', () => {
      expect(readCertificate(rawCertificate({ notAfter: time('99991231235959Z') })).codes).toEqual([
        'NoExpirationDate',
      ]);
      expect(readCertificate(rawCertificate({ notAfter: time('99991231235958Z') })).codes).toEqual([]);
    });
  });

  describe('signature algorithms', () => {
    const sha1 = algorithmOf('1.2.840.113549.1.1.5', der(Tag.NULL));

    it('that differ', () => {
      const differ = readCertificate(rawCertificate({ innerAlgorithm: algorithmOf('1.2.840.10045.4.3.3') }));
      expect(differ.messages('SignatureAlgorithmsDiffer')).toEqual([
        'the algorithm is ecdsa-with-SHA384 in the signed part and ecdsa-with-SHA256 outside',
      ]);
      const parameters = readCertificate(
        rawCertificate({ innerAlgorithm: algorithmOf('1.2.840.10045.4.3.2', der(Tag.NULL)) }),
      );
      expect(parameters.codes).toEqual(['SignatureAlgorithmsDiffer']);
    });

    it.each([
      ['SHA-1', sha1],
      ['MD5', algorithmOf('1.2.840.113549.1.1.4', der(Tag.NULL))],
      ['MD2', algorithmOf('1.2.840.113549.1.1.2', der(Tag.NULL))],
      ['SHA-1', algorithmOf('1.2.840.10045.4.1')],
      ['SHA-1', algorithmOf('1.2.840.113549.1.1.10', sequence())],
    ])('with a broken hash: %s', (name, algorithm) => {
      expect(readCertificate(rawCertificate({ algorithm })).messages('WeakSignature')).toEqual([
        `it is signed with ${name}`,
      ]);
    });

    it('whose hash does not matter, since nothing relies on the signature of a root', () => {
      const root = { algorithm: sha1, issuer: nameOf([['CN', 'jane']]) };
      const signedByAnother = readCertificate(rawCertificate(root));
      expect(signedByAnother.content.selfSigned).toBe(false);
      expect(signedByAnother.codes).toEqual(['WeakSignature']);
      const md5 = algorithmOf('1.2.840.113549.1.1.4', der(Tag.NULL));
      const unchecked = readCertificate(rawCertificate({ ...root, algorithm: md5 }));
      expect(unchecked.content.selfSigned).toBeNull();
      expect(unchecked.codes).toEqual([]);
    });
  });

  describe('encoding', () => {
    it('verifies signatures over the octets that were signed, and shows DER', () => {
      const authority = makeAuthority();
      const made = makeCertificate({ issuer: authority }).der;
      // The outer SEQUENCE in the indefinite form: what was signed is untouched.
      const inBer = Buffer.concat([Buffer.of(0x30, 0x80), made.subarray(4), Buffer.alloc(2)]);
      const { content, material, codes } = readCertificate(inBer);
      expect(codes).toEqual(['NonDerEncoding']);
      expect(material.tree.raw).toEqual(made);
      expect(verifyWith(material.signed, authority.key.spki)).toBe('valid');
      expect(content.fingerprintSha256).toBe(createHash('sha256').update(inBer).digest('hex'));
    });

    it('does not mend what is signed before it looks at the signature', () => {
      const authority = makeAuthority();
      const made = makeCertificate({ issuer: authority }).der;
      const at = made.indexOf(Buffer.from('0101ff', 'hex'));
      const tampered = Buffer.from(made);
      tampered[at + 2] = 0x01;
      const { material, codes } = readCertificate(tampered);
      expect(material.tree.raw).toEqual(made);
      expect(codes).toEqual(['NonDerEncoding']);
      expect(verifyWith(material.signed, authority.key.spki)).toBe('invalid');
    });

    it.each([
      ['behind it', () => Buffer.concat([rawCertificate(), Buffer.of(0)]), '1 octets follow'],
      [
        'behind the extensions',
        () => rawCertificate({ extensions: [digitalSignature], more: integer(1) }),
        'last field',
      ],
      [
        'beside the extensions',
        () => rawCertificate({ more: der(contextConstructed(3), sequence(digitalSignature), integer(1)) }),
        'follows the extensions',
      ],
      [
        'behind the value of an extension',
        () => rawCertificate({ extensions: [sequence(digitalSignature.subarray(2), integer(1))] }),
        'value of the extension keyUsage',
      ],
      [
        'in the value of an extension',
        () => rawCertificate({ extensions: [extensionOf(KEY_USAGE, Buffer.from('0302078000', 'hex'), 0xff)] }),
        'keyUsage: 1 octets',
      ],
    ])('has something %s', (_, build, message) => {
      const { codes, messages } = readCertificate(build());
      expect(codes).toEqual(['TrailingData']);
      expect(messages('TrailingData')[0]).toContain(message);
    });

    it.each([
      ['nothing', Buffer.alloc(0)],
      ['text', Buffer.from('hello')],
      ['a number', integer(1)],
      ['half a certificate', rawCertificate().subarray(0, 100)],
      ['a certificate without a key', rawCertificate({ spki: der(Tag.NULL) })],
      ['a certificate without a subject', rawCertificate({ subject: integer(1) })],
      ['times that are texts', rawCertificate({ notBefore: string(Tag.UTF8_STRING, '260101000000Z') })],
      ['a name in a SET', rawCertificate({ issuer: der(Tag.SET) })],
    ])('takes %s for no certificate', (_, bytes) => {
      const decoded = decodeCertificatePiece(pieceOf(bytes), decodeContext);
      expect(decoded.content).toEqual({ type: 'Unknown', bytes: bytes.length, resembles: 'a certificate' });
      expect(decoded.material).toBeNull();
      expect(decoded.observations.map(({ code }) => code)).toEqual(['MalformedObject']);
    });
  });

  describe('extensions', () => {
    it('shows one that is malformed octet by octet, and the rest as ever', () => {
      const extensions = [
        extensionOf(KEY_USAGE, Buffer.from('0500', 'hex'), 0xff),
        extensionOf('2.5.29.14', Buffer.from('04020102', 'hex')),
      ];
      const { content, material, codes, messages } = readCertificate(rawCertificate({ extensions }));
      expect(content.extensions).toEqual([
        { oid: KEY_USAGE, name: 'keyUsage', critical: true, value: null, hex: '0500' },
        { oid: '2.5.29.14', name: 'subjectKeyIdentifier', critical: false, value: '0102', hex: null },
      ]);
      expect(material.keyUsage).toBeNull();
      expect(codes).toEqual(['MalformedExtension']);
      expect(messages('MalformedExtension')[0]).toMatch(/^keyUsage: /);
    });

    it('reports one that occurs twice, of which the first counts', () => {
      const extensions = [digitalSignature, extensionOf(KEY_USAGE, Buffer.from('03020204', 'hex'), 0xff)];
      const { content, material, codes, messages } = readCertificate(rawCertificate({ extensions }));
      expect(content.extensions).toHaveLength(2);
      expect(material.keyUsage).toEqual(['digitalSignature']);
      expect(codes).toEqual(['DuplicateExtension']);
      expect(messages('DuplicateExtension')).toEqual(['the extension keyUsage occurs more than once']);
    });

    it('reports a critical one that Kubernetes does not act upon', () => {
      const read = readCertificate(rawCertificate({ extensions: [extensionOf('1.2.3.4', Buffer.of(5, 0), 0xff)] }));
      expect(read.codes).toEqual(['UnknownCriticalExtension']);
      expect(read.content.extensions).toEqual([
        { oid: '1.2.3.4', name: '1.2.3.4', critical: true, value: null, hex: '0500' },
      ]);
      expect(readCertificate(rawCertificate({ extensions: [extensionOf('1.2.3.4', Buffer.of(5, 0))] })).codes).toEqual(
        [],
      );
    });

    it('reports that the default of critical is written out', () => {
      const read = readCertificate(
        rawCertificate({ extensions: [extensionOf('2.5.29.19', Buffer.from('3000', 'hex'), 0)] }),
      );
      expect(read.codes).toEqual(['EncodingUnusual']);
      expect(read.content.extensions[0]?.critical).toBe(false);
    });

    it('reads BER inside of one', () => {
      const basicConstraints = extensionOf('2.5.29.19', Buffer.from('3003010101', 'hex'), 0xff);
      const { material, observations } = readCertificate(rawCertificate({ extensions: [basicConstraints] }));
      expect(material.basicConstraints).toEqual({ ca: true, pathLenConstraint: null });
      expect(observations).toEqual([
        { code: 'NonDerEncoding', message: 'basicConstraints: a BOOLEAN is neither 00 nor ff (at byte 2)' },
      ]);
    });

    it('reads an address of neither kind', () => {
      const names = sequence(
        der(contextPrimitive(7), Buffer.of(10, 0, 0)),
        der(contextPrimitive(2), Buffer.from('a.example')),
      );
      const { content, material, codes } = readCertificate(
        rawCertificate({ extensions: [extensionOf(SUBJECT_ALT_NAME, names)] }),
      );
      expect(content.extensions[0]?.value).toEqual([
        { type: 'iPAddress', value: null, hex: '87030a0000' },
        { type: 'dNSName', value: 'a.example', hex: null },
      ]);
      expect(material.subjectAltNames).toEqual({ dns: ['a.example'], ip: [], email: [], uri: [], others: 0 });
      expect(codes).toEqual(['MalformedExtension']);
    });

    it('reports names that hold what does not show', () => {
      const names = sequence(der(contextPrimitive(2), Buffer.from('good.example\0.evil.example')));
      const read = readCertificate(rawCertificate({ extensions: [extensionOf(SUBJECT_ALT_NAME, names)] }));
      expect(read.messages('DeceptiveName')).toEqual([
        'subjectAltName: the dNSName "good.example\\u{0}.evil.example" holds characters that do not show',
      ]);
    });
  });

  describe('subjects', () => {
    it.each([
      ['of a leaf', null, ['EmptySubject']],
      [
        'of a leaf with alternative names',
        [extensionOf(SUBJECT_ALT_NAME, Buffer.from('30038201' + '61', 'hex'))],
        ['EmptySubject'],
      ],
      [
        'of a leaf with critical alternative names',
        [extensionOf(SUBJECT_ALT_NAME, Buffer.from('30038201' + '61', 'hex'), 0xff)],
        [],
      ],
      ['of a CA', [extensionOf('2.5.29.19', Buffer.from('30030101ff', 'hex'), 0xff)], ['EmptySubject']],
    ])('that are empty: %s', (_, extensions, expected) => {
      expect(readCertificate(rawCertificate({ subject: rawName(), extensions })).codes).toEqual(expected);
    });
  });
});
