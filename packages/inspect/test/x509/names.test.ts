// Tests packages/inspect/src/x509/describe-names.ts, packages/x509/src/tree/name.ts
import { describe, expect, it } from 'vitest';

import { nameContent } from '../../src/x509/describe-names.js';
import { basicConstraintsExtension, DerError, DerReader, Tag } from '@kubepass/x509';
import { readName } from '@kubepass/x509/tree';
import { rawCertificate, rawName, string } from './build.js';
import { readCertificate } from './decoding.js';

const CN = '2.5.4.3';
const O = '2.5.4.10';
const OU = '2.5.4.11';
const commonName = (tag: number, text: string | Buffer): Buffer => rawName([[CN, string(tag, text)]]);

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

const describeName = (der: Buffer) => nameContent(readName(new DerReader(der), 'a Name'));

describe('the content of a name', () => {
  it('shows RDN by RDN, with string types', () => {
    const name = rawName(
      [
        [O, string(Tag.PRINTABLE_STRING, 'dev')],
        [O, string(Tag.UTF8_STRING, 'ops, etc')],
      ],
      [[CN, string(Tag.UTF8_STRING, 'jäne')]],
      [['1.2.3.4', string(Tag.IA5_STRING, 'x')]],
    );
    expect(describeName(name)).toEqual({
      text: '1.2.3.4=#160178,CN=jäne,O=dev+O=ops\\, etc',
      rdns: [
        [
          { type: 'O', oid: O, value: 'dev', stringType: 'PrintableString', hex: null },
          { type: 'O', oid: O, value: 'ops, etc', stringType: 'UTF8String', hex: null },
        ],
        [{ type: 'CN', oid: CN, value: 'jäne', stringType: 'UTF8String', hex: null }],
        [{ type: '1.2.3.4', oid: '1.2.3.4', value: 'x', stringType: 'IA5String', hex: null }],
      ],
    });
  });

  it.each([
    ['BMPString', Tag.BMP_STRING, utf16('jäne'), 'jäne'],
    ['TeletexString', Tag.T61_STRING, Buffer.from('jäne', 'latin1'), 'jäne'],
    ['UniversalString', Tag.UNIVERSAL_STRING, Buffer.from('0000006a0001f600', 'hex'), 'j😀'],
    ['NumericString', Tag.NUMERIC_STRING, Buffer.from('12 3'), '12 3'],
    ['VisibleString', Tag.VISIBLE_STRING, Buffer.from('a_b'), 'a_b'],
    ['GeneralString', 0x1b, Buffer.from('a'), 'a'],
    ['UTF8String', Tag.UTF8_STRING, Buffer.of(0xff), null],
    ['BMPString', Tag.BMP_STRING, Buffer.of(0, 1, 2), null],
    ['BMPString', Tag.BMP_STRING, Buffer.of(0xd8, 0), null],
    ['UniversalString', Tag.UNIVERSAL_STRING, Buffer.from('00110000', 'hex'), null],
    ['IA5String', Tag.IA5_STRING, Buffer.of(0xe4), null],
    ['INTEGER', Tag.INTEGER, Buffer.of(1), null],
    ['OCTET STRING', Tag.OCTET_STRING, Buffer.of(1), null],
    ['tag 87', 0x87, Buffer.of(1), null],
  ])('reads a %s (tag %i)', (stringType, tag, octets, value) => {
    const [[attribute] = []] = describeName(commonName(tag, octets)).rdns;
    expect(attribute).toMatchObject({
      stringType,
      value,
      hex: value === null ? string(tag, octets).toString('hex') : null,
    });
  });

  it('refuses what is no Name', () => {
    expect(() => describeName(string(Tag.UTF8_STRING, 'x'))).toThrow(DerError);
  });
});

describe('what is noticed about a subject', () => {
  it.each([
    ['a UTF8String', commonName(Tag.UTF8_STRING, 'jäne'), []],
    [
      'several O in one RDN',
      rawName(
        [
          [O, string(12, 'a')],
          [O, string(12, 'b')],
        ],
        [[CN, string(12, 'jane')]],
      ),
      [],
    ],
    ['two CN', rawName([[CN, string(12, 'a')]], [[CN, string(12, 'b')]]), ['SeveralCommonNames']],
    [
      'two CN in one RDN',
      rawName([
        [CN, string(12, 'a')],
        [CN, string(12, 'b')],
      ]),
      ['SeveralCommonNames'],
    ],
    [
      'CN and O in one RDN',
      rawName([
        [CN, string(12, 'a')],
        [O, string(12, 'b')],
      ]),
      ['MixedMultiValuedRdn'],
    ],
    [
      'O and OU in one RDN',
      rawName([
        [O, string(12, 'a')],
        [OU, string(12, 'b')],
      ]),
      ['MixedMultiValuedRdn'],
    ],
    ['an RDN without attributes', rawName([], [[CN, string(12, 'a')]]), ['MalformedString']],
    ['a BMPString', commonName(Tag.BMP_STRING, utf16('jane')), ['UnusualStringType']],
    ['an IA5String', commonName(Tag.IA5_STRING, 'jane'), ['UnusualStringType']],
    ['an e-mail address', rawName([['1.2.840.113549.1.9.1', string(Tag.IA5_STRING, 'j@a')]]), []],
    ['octets that are no UTF-8', commonName(Tag.UTF8_STRING, Buffer.of(0xc0, 0x80)), ['MalformedString']],
    ['an @ in a PrintableString', commonName(Tag.PRINTABLE_STRING, 'j@a'), ['MalformedString']],
    ['a number', commonName(Tag.INTEGER, Buffer.of(1)), ['MalformedString']],
    [
      'a bit string where one belongs',
      rawName([['2.5.4.45', string(Tag.BIT_STRING, Buffer.of(0, 1))]]),
      ['NotLoadable'],
    ],
    ['surrogates in a BMPString', commonName(Tag.BMP_STRING, utf16('😀')), ['MalformedString', 'UnusualStringType']],
    ['a NUL', commonName(Tag.UTF8_STRING, 'admin\0x'), ['DeceptiveName']],
    ['a bidi override', commonName(Tag.UTF8_STRING, 'a\u202eb'), ['DeceptiveName']],
    ['a zero-width space', commonName(Tag.UTF8_STRING, 'a\u200bb'), ['DeceptiveName']],
    ['a no-break space', commonName(Tag.UTF8_STRING, 'a\u00a0b'), ['DeceptiveName']],
    ['a line feed', commonName(Tag.UTF8_STRING, 'a\nb'), ['DeceptiveName']],
    ['an escape sequence of one character', commonName(Tag.UTF8_STRING, 'a\u009bb'), ['DeceptiveName']],
    ['letters of any script', commonName(Tag.UTF8_STRING, '제인 Ωσ'), []],
    ['a name of 64 characters', commonName(Tag.UTF8_STRING, '\u{1d7d8}'.repeat(64)), []],
    ['a name of 65 characters', commonName(Tag.UTF8_STRING, 'a'.repeat(65)), ['NameTooLong']],
    ['O of 65 characters', rawName([[O, string(12, 'a'.repeat(65))]]), ['NameTooLong']],
    ['OU of 65 characters', rawName([[OU, string(12, 'a'.repeat(65))]]), ['NameTooLong']],
    ['another attribute of 65 characters', rawName([['2.5.4.7', string(12, 'a'.repeat(65))]]), []],
  ])('%s', (_, subject, expected) => {
    expect(readCertificate(rawCertificate({ subject })).codes).toEqual(expected);
  });

  it('has several CN, which do less harm in a CA', () => {
    const subject = rawName([[CN, string(12, 'a')]], [[CN, string(12, 'b')]]);
    const ca = rawCertificate({ subject, extensions: [basicConstraintsExtension(true)] });
    expect(readCertificate(ca).codes).toEqual(['CaWithSeveralCommonNames']);
    const leaf = rawCertificate({ subject, extensions: [basicConstraintsExtension(false)] });
    expect(readCertificate(leaf).codes).toEqual(['SeveralCommonNames']);
  });

  it('shows text that its type does not allow, and says so', () => {
    const { content, messages } = readCertificate(rawCertificate({ subject: commonName(Tag.PRINTABLE_STRING, 'j@a') }));
    expect(content.subject.text).toBe('CN=j@a');
    expect(messages('MalformedString')).toEqual([
      'CN of the subject has octets that a PrintableString does not allow: "j@a"',
    ]);
  });

  it('writes out what does not show', () => {
    const { content, messages } = readCertificate(rawCertificate({ subject: commonName(12, 'a\u202eb') }));
    expect(content.subject.text).toBe('CN=a\\e2\\80\\aeb');
    expect(messages('DeceptiveName')).toEqual(['CN of the subject holds characters that do not show: "a\\u{202e}b"']);
  });

  it('looks at the issuer too, for what is not a question of whose name it is', () => {
    const issuer = rawName([[CN, string(Tag.T61_STRING, 'a')]], [[CN, string(12, 'b\u200b')]]);
    expect(readCertificate(rawCertificate({ issuer })).codes).toEqual(['DeceptiveName', 'UnusualStringType']);
  });

  it('is said in messages of a bounded length', () => {
    const { messages } = readCertificate(rawCertificate({ subject: commonName(12, `\0${'x'.repeat(100_000)}`) }));
    expect(messages('DeceptiveName')[0]!.length).toBeLessThan(200);
  });
});
