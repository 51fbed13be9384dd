// Tests packages/x509/src/strict/distinguished-name.ts
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onlyElement, Tag } from '../../src/strict/der.js';
import {
  displayDistinguishedName,
  displaySubject,
  type DistinguishedName,
  readDistinguishedName,
  readSubjectIdentity,
  writeDistinguishedName,
  writeSubject,
} from '../../src/strict/distinguished-name.js';
import { attribute, name, printable, utf8 } from './build-csr.js';

const read = (bytes: Buffer): DistinguishedName => readDistinguishedName(onlyElement(bytes, 'the name'));
const display = (...rdns: Buffer[][]): string => displayDistinguishedName(read(name(rdns)));

describe('a subject as it is written', () => {
  it('reads back as the same username and groups, in the same order, whatever characters they have', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((value) => !value.includes('\0'));
    fc.assert(
      fc.property(text, fc.uniqueArray(text), (username, groups) => {
        expect(readSubjectIdentity(read(writeSubject({ username, groups })))).toEqual({ ok: true, username, groups });
      }),
    );
  });

  it('is displayed without being read as it is when it was read, whatever characters it has', () => {
    const same = (username: string, groups: readonly string[]) => {
      const subject = { username, groups };
      const readBack = displayDistinguishedName(read(writeSubject(subject)));
      if (displaySubject(subject) !== readBack) expect(displaySubject(subject)).toBe(readBack);
    };
    // Every character of the three planes that have letters, marks and signs of all kinds; of the others a part.
    const characters = Array.from({ length: 0x110000 }, (_, code) => code)
      .filter((code) => code < 0xd800 || code > 0xdfff)
      .filter((code) => [0, 1, 14].includes(code >> 16) || code % 251 === 0 || (code & 0xffff) > 0xffc0)
      .map((code) => String.fromCodePoint(code));
    for (let i = 0; i < characters.length; i += 63)
      same(`a${characters.slice(i, i + 63).join('')}`, [characters[i]!, `${characters[i]}a`, `a${characters[i]}`]);
    for (const edge of [' ', '#', '  ', '# #', 'a ', ' a', '#a', 'a#', '\\ ', ',']) same(edge, [edge, 'team']);
    expect(displaySubject({ username: 'jane', groups: ['b', 'a'] })).toBe('CN=jane,O=a,O=b');
  });

  it('keeps a name that looks like two RDNs as one', () => {
    const subject = read(writeSubject({ username: 'jane,O=system:masters', groups: [] }));
    expect(subject.rdns).toHaveLength(1);
    expect(displayDistinguishedName(subject)).toBe('CN=jane\\,O=system:masters');
  });

  it('has one RDN per group, then the CN', () => {
    const subject = read(writeSubject({ username: 'jane', groups: ['viewers', 'dev'] }));
    expect(subject.rdns.map((rdn) => rdn.map(({ type, text }) => `${type}=${text ?? ''}`))).toEqual([
      ['2.5.4.10=viewers'],
      ['2.5.4.10=dev'],
      ['2.5.4.3=jane'],
    ]);
  });

  it.each([
    ['jane', Tag.PRINTABLE_STRING],
    ["a Z 0 '()+,-./:=?", Tag.PRINTABLE_STRING],
    ['jane@corp.example', Tag.UTF8_STRING],
    ['jane_doe', Tag.UTF8_STRING],
    ['*', Tag.UTF8_STRING],
    ['&', Tag.UTF8_STRING],
    ['jané', Tag.UTF8_STRING],
  ])('writes %s with the string type that Go takes', (username, tag) => {
    expect(read(writeSubject({ username, groups: [] })).rdns[0]?.[0]?.valueTag).toBe(tag);
  });

  it.each(['', '\ud800', 'a\udc00'])('refuses %j, which no reader would give back', (username) => {
    expect(() => writeSubject({ username, groups: [] })).toThrow(RangeError);
  });

  it('sorts a multi-valued RDN as DER demands, and refuses an empty one', () => {
    const multi = read(writeDistinguishedName([{ O: ['viewers', 'dev'] }, { CN: ['jane'] }]));
    expect(multi.rdns[0]?.map(({ text }) => text)).toEqual(['dev', 'viewers']);
    expect(readSubjectIdentity(multi)).toEqual({ ok: true, username: 'jane', groups: ['dev', 'viewers'] });
    expect(() => writeDistinguishedName([{}])).toThrow(RangeError);
  });
});

describe('a name as it is shown', () => {
  it('has its last RDN first', () => {
    expect(display([utf8('O', 'dev')], [utf8('OU', 'a')], [utf8('CN', 'jane')])).toBe('CN=jane,OU=a,O=dev');
  });

  it.each([
    ['a"b+c,d;e<f>g\\h', 'a\\"b\\+c\\,d\\;e\\<f\\>g\\\\h'],
    ['#x', '\\#x'],
    [' x ', '\\ x\\ '],
    [' ', '\\ '],
    ['x\0y', 'x\\00y'],
    ['jane\u202ekcah', 'jane\\e2\\80\\aekcah'],
    ['a\nb', 'a\\0ab'],
    ['jané', 'jané'],
  ])('escapes %j', (text, shown) => {
    expect(display([utf8('CN', text)])).toBe(`CN=${shown}`);
  });

  it('joins the values of a multi-valued RDN with a plus sign', () => {
    expect(display([utf8('O', 'a'), utf8('O', 'b')])).toBe('O=a+O=b');
  });

  it('shows what it does not know as hex', () => {
    expect(display([attribute('1.2.3.4', Tag.UTF8_STRING, 'a')])).toBe('1.2.3.4=#0c0161');
    expect(display([attribute('CN', Tag.OCTET_STRING, 'a')])).toBe('CN=#040161');
  });

  it.each([
    [Tag.BMP_STRING, '006a0061', 'ja'],
    [Tag.UNIVERSAL_STRING, '0000006a0001f600', 'j😀'],
    [Tag.T61_STRING, '6ae9', 'jé'],
    [Tag.IA5_STRING, '6a40', 'j@'],
    [Tag.IA5_STRING, '6ae9', '#16026ae9'],
    [Tag.BMP_STRING, '006a00', '#1e03006a00'],
    [Tag.UNIVERSAL_STRING, 'ffffffff', '#1c04ffffffff'],
    [Tag.UTF8_STRING, 'c0af', '#0c02c0af'],
    [Tag.PRINTABLE_STRING, '40', '#130140'],
  ])('decodes string type 0x%s', (tag, hex, shown) => {
    expect(display([attribute('CN', tag, Buffer.from(hex, 'hex'))])).toBe(`CN=${shown}`);
  });
});

describe('the identity in a subject', () => {
  it('takes PrintableString and UTF8String alike', () => {
    expect(readSubjectIdentity(read(name([[printable('O', 'dev')], [utf8('CN', 'jane')]])))).toEqual({
      ok: true,
      username: 'jane',
      groups: ['dev'],
    });
  });

  it('keeps a byte order mark, which some decoders drop', () => {
    expect(readSubjectIdentity(read(name([[utf8('CN', '\ufeffjane')]])))).toMatchObject({ username: '\ufeffjane' });
  });
});
