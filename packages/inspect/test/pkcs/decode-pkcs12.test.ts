// Tests packages/inspect/src/pkcs/decode-pkcs12.ts, packages/inspect/src/pkcs/pkcs12-mac.ts,
// packages/inspect/src/keys/encryption/encryption.ts, packages/inspect/src/keys/encryption/key-derivation.ts
import { describe, expect, it } from 'vitest';

import type { Decoded } from '../../src/model/decoded.js';
import { decodePrivateKey } from '../../src/keys/decode-private-key.js';
import { COST_OF_A_CALL } from '../../src/keys/encryption/key-derivation.js';
import { type DecodeContext, openBudget } from '../../src/model/budget.js';
import { decodePkcs12 } from '../../src/pkcs/decode-pkcs12.js';
import type { Pkcs12Content } from '../../src/model/inspection.js';
import { contextConstructed, der, inside, oid, onlyElement, sequence } from '@kubepass/x509';
import { expectNoSecret, secretsOf } from '../keys/expect-no-secret.js';
import { contextWith, CountingBudget, fixture, PASSWORD, pieceOf } from '../keys/inspected-key.js';
import {
  bag,
  certificateBag,
  data,
  encryptedData,
  friendlyName,
  integer,
  macData,
  octetString,
  pbkdf2,
  pbmac1,
  pkcs12,
} from './build-pkcs12.js';

const codes = ({ observations }: Decoded): readonly string[] => observations.map(({ code }) => code);
const paths = ({ pieces }: Decoded): readonly string[] => pieces.map(({ path }) => path);

function contentOf({ content }: Decoded): Pkcs12Content {
  if (content.type !== 'PKCS12') throw new Error(`decoded as ${content.type}`);
  return content;
}

const open = (name: string, password: string | null = PASSWORD): Decoded =>
  decodePkcs12(fixture(name), contextWith(password));

const openBuilt = (bytes: Buffer, context: DecodeContext = contextWith(PASSWORD)): Decoded =>
  decodePkcs12(pieceOf(bytes), context);

const certificates = ['jane.crt', 'ca.crt'].map((name) => fixture(name).bytes);

/** `modern.p12` without its MAC: openssl leaves certificates open where it makes none. */
const withoutMac = ((): Buffer => {
  const fields = inside(onlyElement(fixture('modern.p12').bytes, 'the PKCS#12'));
  return sequence(fields.next().raw, fields.next().raw);
})();

const publicKeyIn = (decoded: Decoded, context: DecodeContext): Buffer | null => {
  const piece = decoded.pieces.find(({ path }) => path.endsWith('#keys[0]'))!;
  const { material } = decodePrivateKey(piece, context);
  return material?.kind === 'privateKey' ? material.subjectPublicKeyInfo : null;
};

const publicKey = decodePrivateKey(fixture('prime256v1.pkcs8.key'), contextWith(null)).material;
const jane = publicKey?.kind === 'privateKey' ? publicKey.subjectPublicKeyInfo : null;

describe('PKCS#12 with its password', () => {
  const AES = 'PBES2 PBKDF2-HMAC-SHA256 2048 iterations AES-256-CBC';
  const DES = 'PKCS#12 PBE SHA1 2048 iterations 3DES-CBC';
  const stores: readonly (readonly [string, string | null, readonly string[], boolean])[] = [
    ['modern', 'HMAC-SHA256 PKCS#12 2048 iterations', [AES], true],
    ['strong', 'HMAC-SHA256 PKCS#12 50000 iterations', [AES.replace('2048', '50000')], false],
    ['legacy', 'HMAC-SHA1 PKCS#12 2048 iterations', ['PKCS#12 PBE SHA1 2048 iterations RC2-40-CBC', DES], true],
    ['rc2-128', 'HMAC-SHA1 PKCS#12 2048 iterations', ['PKCS#12 PBE SHA1 2048 iterations RC2-128-CBC'], true],
    ['des3', 'HMAC-SHA1 PKCS#12 2048 iterations', [DES], true],
    ['sha512', 'HMAC-SHA512 PKCS#12 2048 iterations', [AES], true],
    ['plain-certificates', 'HMAC-SHA256 PKCS#12 2048 iterations', [AES], true],
    ['one-iteration', 'HMAC-SHA256 PKCS#12 one iteration', [AES.replace('2048 iterations', 'one iteration')], true],
  ];

  it.each(stores)('opens %s.p12: certificates, key and name', (name, mac, encryption, weak) => {
    const decoded = open(`${name}.p12`);
    expect(contentOf(decoded)).toEqual({
      type: 'PKCS12',
      macVerified: mac === null ? null : true,
      mac,
      encryption,
      opened: true,
      friendlyNames: ['Jane Döe'],
    });
    expect(codes(decoded)).toEqual(weak ? ['WeakKeyEncryption'] : []);
    expect(paths(decoded)).toEqual(['upload#certificates[0]', 'upload#certificates[1]', 'upload#keys[0]']);
    expect(decoded.pieces.slice(0, 2).map(({ bytes }) => bytes)).toEqual(certificates);
    expect(publicKeyIn(decoded, contextWith(PASSWORD))).toEqual(jane);
    expectNoSecret(decoded, [...secretsOf('prime256v1.pkcs8.key'), Buffer.from(PASSWORD)]);
  });

  it('opens one without a MAC', () => {
    const decoded = openBuilt(withoutMac);
    expect(contentOf(decoded)).toMatchObject({ macVerified: null, mac: null, encryption: [AES], opened: true });
    expect(decoded.pieces.slice(0, 2).map(({ bytes }) => bytes)).toEqual(certificates);
    expect(publicKeyIn(decoded, contextWith(PASSWORD))).toEqual(jane);
  });

  it('opens what Java writes, today and with its settings of old', () => {
    const today = open('java.p12');
    expect(contentOf(today)).toMatchObject({
      macVerified: true,
      mac: 'HMAC-SHA256 PKCS#12 10000 iterations',
      encryption: ['PBES2 PBKDF2-HMAC-SHA256 10000 iterations AES-256-CBC'],
      opened: true,
    });
    expect(codes(today)).toEqual([]);
    const context = contextWith(PASSWORD);
    const old = decodePkcs12(fixture('java-legacy.p12'), context);
    expect(contentOf(old).encryption.join()).toContain('RC2-40-CBC');
    expect(contentOf(old)).toMatchObject({ macVerified: true, opened: true });
    for (const decoded of [today, old]) {
      expect(decoded.pieces.map(({ bytes }) => bytes)).toEqual(expect.arrayContaining(certificates));
      expect(publicKeyIn(decoded, contextWith(PASSWORD))).toEqual(jane);
    }
  });

  it('opens a truststore of Java', () => {
    const decoded = open('java-truststore.p12');
    expect(contentOf(decoded)).toMatchObject({ opened: true, friendlyNames: ['ca'] });
    expect(decoded.pieces.map(({ bytes }) => bytes)).toEqual([fixture('ca.crt').bytes]);
  });

  it('leaves secrets alone', () => {
    const decoded = open('java-secret.p12');
    expect(contentOf(decoded)).toMatchObject({ macVerified: true, opened: true });
    expect(decoded.pieces).toEqual([]);
  });

  it('takes a password that is no ASCII as UTF-8 and as UTF-16', () => {
    const decoded = open('non-ascii.p12', 'pässwörd🔑');
    expect(contentOf(decoded)).toMatchObject({ macVerified: true, opened: true });
    expect(publicKeyIn(decoded, contextWith('pässwörd🔑'))).toEqual(jane);
  });

  it('tells the empty password from none', () => {
    expect(contentOf(open('empty-password.p12', ''))).toMatchObject({ macVerified: true, opened: true });
    expect(contentOf(open('empty-password.p12', null))).toMatchObject({ macVerified: null, opened: false });
    expect(contentOf(open('modern.p12', ''))).toMatchObject({ macVerified: false, opened: false });
  });

  it('needs none for what is not encrypted', () => {
    const decoded = open('nothing-encrypted.p12', null);
    expect(contentOf(decoded)).toMatchObject({ macVerified: null, mac: null, encryption: [], opened: true });
    expect(codes(decoded)).toEqual([]);
    expect(publicKeyIn(decoded, contextWith(null))).toEqual(jane);
  });
});

describe('PKCS#12 that stays closed', () => {
  it.each(['modern', 'legacy', 'java'])('says of %s.p12 that no password was given', (name) => {
    const decoded = open(`${name}.p12`, null);
    expect(contentOf(decoded)).toMatchObject({ macVerified: null, opened: false });
    expect(codes(decoded)).toContain('PrivateKeyLocked');
    expect(decoded.pieces.some(({ path }) => path.includes('certificates'))).toBe(false);
  });

  it('takes out what needs no password where none was given', () => {
    const decoded = open('plain-certificates.p12', null);
    expect(paths(decoded)).toEqual(['upload#certificates[0]', 'upload#certificates[1]', 'upload#keys[0]']);
    expect(contentOf(decoded)).toMatchObject({ macVerified: null, opened: true });
  });

  it.each(['modern', 'legacy', 'des3', 'sha512', 'java'])('says of %s.p12 that the password is wrong', (name) => {
    const decoded = open(`${name}.p12`, 'wrong horse');
    expect(contentOf(decoded)).toMatchObject({ macVerified: false, opened: false });
    expect(codes(decoded)).toContain('PasswordWrong');
    expect(decoded.pieces).toEqual([]);
    expect(JSON.stringify(decoded)).not.toContain('wrong horse');
  });

  it('says that the password is wrong where there is no MAC', () => {
    const decoded = decodePkcs12(pieceOf(withoutMac), contextWith('wrong horse'));
    expect(contentOf(decoded)).toMatchObject({ macVerified: null, opened: false });
    expect(codes(decoded)).toContain('PasswordWrong');
  });

  it('takes no changed content for the real one', () => {
    const piece = fixture('modern.p12');
    const bytes = Buffer.from(piece.bytes);
    bytes.writeUInt8(bytes.readUInt8(1000) ^ 1, 1000);
    expect(contentOf(openBuilt(bytes))).toMatchObject({ macVerified: false, opened: false });
  });
});

describe('PBMAC1', () => {
  const safes = [data(sequence(certificateBag(certificates[0]!)))];

  it('is checked', () => {
    const decoded = openBuilt(pkcs12(safes, pbmac1(safes, PASSWORD)));
    expect(contentOf(decoded)).toMatchObject({
      macVerified: true,
      mac: 'PBMAC1 PBKDF2-HMAC-SHA256 10000 iterations HMAC-SHA256',
      opened: true,
    });
    expect(decoded.pieces.map(({ bytes }) => bytes)).toEqual([certificates[0]]);
  });

  it('does not fit another password', () => {
    const decoded = openBuilt(pkcs12(safes, pbmac1(safes, 'another')));
    expect(contentOf(decoded).macVerified).toBe(false);
    expect(codes(decoded)).toContain('PasswordWrong');
  });

  it.each([null, 129])('is refused with a key length of %s', (keyLength) => {
    const decoded = openBuilt(pkcs12(safes, pbmac1(safes, PASSWORD, keyLength)));
    expect(codes(decoded)).toEqual(['MalformedObject']);
    expect(contentOf(decoded)).toMatchObject({ macVerified: null, opened: false });
  });
});

describe('PKCS#12 that asks for too much', () => {
  const aes = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(Buffer.alloc(16)));
  const pbes2 = (iterations: number | bigint): Buffer =>
    sequence(oid('1.2.840.113549.1.5.13'), sequence(pbkdf2(Buffer.alloc(8), iterations, null, 9), aes));
  const pbe = (iterations: number | bigint): Buffer =>
    sequence(oid('1.2.840.113549.1.12.1.6'), sequence(octetString(Buffer.alloc(8)), integer(iterations)));
  it.each([
    ['a MAC of a billion iterations', pkcs12([data(sequence())], macData(1_000_000_000))],
    ['a MAC of 2^2000 iterations', pkcs12([data(sequence())], macData(2n ** 2000n))],
    ['PBES2 of a billion iterations', pkcs12([encryptedData(pbes2(1_000_000_000), Buffer.alloc(64))])],
    ['RC2 of a billion iterations', pkcs12([encryptedData(pbe(1_000_000_000), Buffer.alloc(64))])],
    ['RC2 of 2^2000 iterations', pkcs12([encryptedData(pbe(2n ** 2000n), Buffer.alloc(64))])],
  ])('refuses %s and derives nothing', (_what, bytes) => {
    const budget = new CountingBudget();
    const decoded = openBuilt(bytes, contextWith(PASSWORD, budget));
    expect(budget.iterations).toBe(0);
    expect(codes(decoded)).toContain('KeyDerivationTooCostly');
    expect(contentOf(decoded).opened).toBe(false);
  });

  it('counts an iteration of PKCS#12 as several of PBKDF2, the MAC too', () => {
    const budget = new CountingBudget();
    decodePkcs12(fixture('legacy.p12'), contextWith(PASSWORD, budget));
    // The MAC, the key of five octets, and the initialization vector: one block each.
    expect(budget.iterations).toBe(3 * 4 * 2048);
    const poor = decodePkcs12(fixture('legacy.p12'), contextWith(PASSWORD, new CountingBudget(4 * 2048)));
    expect(contentOf(poor)).toMatchObject({ macVerified: true, opened: false });
    expect(codes(poor)).toContain('KeyDerivationTooCostly');
  });

  it('affords the counts of Java before 16: 100,000 for the MAC, 50,000 for a safe in RC2 and a key in triple DES', () => {
    const budget = openBudget();
    const costs = [100_000, 2 * 50_000, 3 * 50_000].map((calls) => calls * COST_OF_A_CALL);
    expect(costs.every((cost) => budget.mayDerive(cost))).toBe(true);
  });

  it('tries many encrypted safes only as far as the budget goes', () => {
    const budget = new CountingBudget();
    const safes = Array.from({ length: 100 }, () => encryptedData(pbes2(100_000), Buffer.alloc(64)));
    const decoded = openBuilt(pkcs12(safes), contextWith(PASSWORD, budget));
    expect(budget.iterations).toBeLessThanOrEqual(1_000_000);
    expect(codes(decoded)).toEqual(['PasswordWrong', 'KeyDerivationTooCostly']);
  });

  it('goes into safes within safes, but not for ever', () => {
    const nested = (depth: number): Buffer =>
      depth === 0 ? sequence(certificateBag(certificates[0]!)) : sequence(bag(6, nested(depth - 1)));
    expect(openBuilt(pkcs12([data(nested(3))])).pieces).toHaveLength(1);
    const deep = openBuilt(pkcs12([data(nested(20))]));
    expect(codes(deep)).toEqual(['MalformedObject']);
    expect(deep.pieces).toEqual([]);
  });

  it('takes no more bags out than any upload may hold', () => {
    const one = certificateBag(Buffer.of(0x30, 0));
    const bags = Buffer.concat(Array.from({ length: 20_000 }, () => one));
    expect(openBuilt(pkcs12([data(sequence(bags))])).pieces).toHaveLength(1_000);
  });

  it('cuts long names, shows no halves of characters, and no more than 200 of them', () => {
    const names = [Buffer.alloc(2000, 0x41), Buffer.from('d83d0041', 'hex')];
    const many = Array.from({ length: 300 }, (_, i) => Buffer.from(`n${i.toString()}`, 'utf16le').swap16());
    const bags = [...names, ...many].map((name) => certificateBag(Buffer.of(0x30, 0), friendlyName(name)));
    const { friendlyNames } = contentOf(openBuilt(pkcs12([data(sequence(...bags))])));
    expect(friendlyNames).toHaveLength(200);
    expect(friendlyNames[0]).toHaveLength(128);
    expect(friendlyNames[1]).toBe('\ufffdA');
  });
});

describe('PKCS#12 in other forms', () => {
  /** An indefinite-length OCTET STRING in pieces, and everything around it indefinite too. */
  const indefinite = (tag: number, ...contents: readonly Buffer[]): Buffer =>
    Buffer.concat([Buffer.of(tag, 0x80), ...contents, Buffer.of(0, 0)]);
  const inPieces = (tag: number, octets: Buffer): Buffer =>
    indefinite(tag, octetString(octets.subarray(0, 100)), octetString(octets.subarray(100)));

  it('reads BER, as Windows and NSS write it, without a word', () => {
    const safe = sequence(certificateBag(certificates[0]!));
    const dataOf = (octets: Buffer): Buffer =>
      indefinite(0x30, oid('1.2.840.113549.1.7.1'), indefinite(0xa0, inPieces(0x24, octets)));
    const safes = indefinite(0x30, dataOf(safe));
    const decoded = openBuilt(indefinite(0x30, integer(3), dataOf(safes)));
    expect(contentOf(decoded).opened).toBe(true);
    expect(codes(decoded)).toEqual([]);
    expect(decoded.pieces.map(({ bytes }) => bytes)).toEqual([certificates[0]]);
  });

  it('checks the MAC over the octets in pieces', () => {
    const safes = [data(sequence(certificateBag(certificates[0]!)))];
    const dataOf = (octets: Buffer): Buffer =>
      indefinite(0x30, oid('1.2.840.113549.1.7.1'), indefinite(0xa0, inPieces(0x24, octets)));
    const decoded = openBuilt(indefinite(0x30, integer(3), dataOf(sequence(...safes)), pbmac1(safes, PASSWORD)));
    expect(contentOf(decoded)).toMatchObject({ macVerified: true, opened: true });
  });

  it('puts encrypted content together that stands in pieces', () => {
    const bytes = withoutMac;
    const whole = openBuilt(bytes);
    // [0] IMPLICIT OCTET STRING of the encrypted certificates, primitive and then in two pieces.
    const at = bytes.indexOf(Buffer.of(0x80, 0x82));
    const length = bytes.readUInt16BE(at + 2);
    const ciphertext = bytes.subarray(at + 4, at + 4 + length);
    const algorithmStart = bytes.indexOf(oid('1.2.840.113549.1.5.13')) - 2;
    const algorithm = bytes.subarray(algorithmStart, at);
    const content = indefinite(0x30, oid('1.2.840.113549.1.7.1'), algorithm, inPieces(0xa0, ciphertext));
    const info = indefinite(0x30, oid('1.2.840.113549.1.7.6'), indefinite(0xa0, indefinite(0x30, integer(0), content)));
    const decoded = openBuilt(pkcs12([info]));
    expect(contentOf(decoded).opened).toBe(true);
    expect(decoded.pieces.map((piece) => piece.bytes)).toEqual(
      whole.pieces.filter(({ path }) => path.includes('certificates')).map((piece) => piece.bytes),
    );
  });

  it('reads a store with something behind it, and says so', () => {
    const decoded = openBuilt(Buffer.concat([fixture('strong.p12').bytes, Buffer.of(0)]));
    expect(contentOf(decoded)).toMatchObject({ macVerified: true, opened: true });
    expect(codes(decoded)).toEqual(['TrailingData']);
  });

  it('says of a store that is held together by a signature that it is not opened', () => {
    const signed = sequence(oid('1.2.840.113549.1.7.2'), der(contextConstructed(0), sequence()));
    const decoded = openBuilt(sequence(integer(3), signed));
    expect(codes(decoded)).toEqual(['EncryptionUnsupported']);
    expect(contentOf(decoded).opened).toBe(false);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['an empty SEQUENCE', sequence()],
    ['a store that is cut off', fixture('modern.p12').bytes.subarray(0, 500)],
    ['safes that are none', sequence(integer(3), data(Buffer.from('hello')))],
  ])('says of %s that it cannot be read', (_what, bytes) => {
    const decoded = openBuilt(bytes);
    expect(codes(decoded)).toEqual(['MalformedObject']);
    expect(contentOf(decoded).opened).toBe(false);
  });
});
