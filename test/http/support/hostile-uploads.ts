import { randomBytes } from 'node:crypto';
import { createDeflateRaw, createGzip, gzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { Readable, type Transform } from 'node:stream';
import {
  contextConstructed,
  contextPrimitive,
  der,
  encodePem,
  oid,
  sequence,
  Tag,
  unsignedInteger,
} from '@kubepass/x509';

/** Compresses this many mebibytes of zeros, block by block. */
function compressedZeros(
  mebibytes: number,
  before: readonly Buffer[] = [],
  into: Transform = createGzip(),
): Promise<Buffer> {
  const block = Buffer.alloc(1024 * 1024);
  function* blocks() {
    yield* before;
    for (let i = 0; i < mebibytes; i += 1) yield block;
  }
  return buffer(Readable.from(blocks()).pipe(into));
}

/** A ZIP archive of one entry (APPNOTE.TXT 4.3.7), without the central directory, which stream readers do not need. */
async function zipOf(name: string, mebibytes: number): Promise<Buffer> {
  const compressed = await compressedZeros(mebibytes, [], createDeflateRaw());
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(8, 8);
  header.writeUInt32LE(compressed.length, 18);
  header.writeUInt32LE(mebibytes * mebibyte, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name), compressed]);
}

/** A tar header (POSIX.1-1988) of a hostile archive. */
export function tarHeader(name: string, size: string, type = '0', linkName = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'latin1');
  header.write('0000644\x000000000\x000000000\x00', 100, 'latin1');
  header.write(size, 124, 12, 'latin1');
  header.write('00000000000\0        ', 136, 'latin1');
  header.write(type, 156, 'latin1');
  header.write(linkName, 157, 100, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

const octal = (size: number) => `${size.toString(8).padStart(11, '0')}\0`;

const wrapped = (depth: number, wrap: (inner: Buffer) => Buffer): Buffer => {
  let inner: Buffer = Buffer.alloc(0);
  for (let i = 0; i < depth; i += 1) inner = wrap(inner);
  return inner;
};

const integer = (value: number) =>
  unsignedInteger(
    Buffer.from(value.toString(16).padStart(value.toString(16).length + (value.toString(16).length % 2), '0'), 'hex'),
  );

/** A PFX whose MAC is derived with this many iterations (RFC 7292 4). */
function pkcs12(iterations: number): Buffer {
  const data = oid('1.2.840.113549.1.7.1');
  const safe = sequence(data, der(contextConstructed(0), der(Tag.OCTET_STRING, sequence())));
  const digest = sequence(
    sequence(oid('2.16.840.1.101.3.4.2.1'), der(Tag.NULL)),
    der(Tag.OCTET_STRING, randomBytes(32)),
  );
  return sequence(integer(3), safe, sequence(digest, der(Tag.OCTET_STRING, randomBytes(8)), integer(iterations)));
}

/** A key that is encrypted with PBES2 and these parameters of the key derivation (RFC 8018 6.2). */
function encryptedKey(derivation: string, parameters: Buffer): Buffer {
  const pbes2 = sequence(
    oid('1.2.840.113549.1.5.13'),
    sequence(
      sequence(oid(derivation), parameters),
      sequence(oid('2.16.840.1.101.3.4.1.42'), der(Tag.OCTET_STRING, randomBytes(16))),
    ),
  );
  return sequence(pbes2, der(Tag.OCTET_STRING, randomBytes(64)));
}

const pbkdf2 = (iterations: number) =>
  encryptedKey('1.2.840.113549.1.5.12', sequence(der(Tag.OCTET_STRING, randomBytes(16)), integer(iterations)));
const scrypt = (cost: number) =>
  encryptedKey(
    '1.3.6.1.4.1.11591.4.11',
    sequence(der(Tag.OCTET_STRING, randomBytes(16)), integer(cost), integer(8), integer(1)),
  );

/** An RSA key whose modulus has this many octets. */
const rsaKey = (octets: number, exponent: Buffer) =>
  sequence(
    sequence(oid('1.2.840.113549.1.1.1'), der(Tag.NULL)),
    der(Tag.BIT_STRING, Buffer.of(0), sequence(unsignedInteger(Buffer.alloc(octets, 0xff)), unsignedInteger(exponent))),
  );

const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

const mebibyte = 1024 * 1024;

const many = (count: number, element: Buffer): Buffer => Buffer.concat(Array<Buffer>(count).fill(element));

const derOf = (pem: string): Buffer => Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64');

function billionLaughs(): string {
  const laughs = ['a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]'];
  for (let i = 1; i < 20; i += 1)
    laughs.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join()}]`,
    );
  return laughs.join('\n');
}

/** Uploads of at most 1 MiB that are made to cost much work or memory. `pem` is a valid certificate. */
export const hostileUploads: Readonly<Record<string, (pem: string) => Buffer | Promise<Buffer>>> = {
  'a gzip bomb': () => compressedZeros(100),
  'a gzip bomb in gzip': async () => gzipSync(await compressedZeros(100)),
  'gzip in gzip in gzip, a hundred times': () => wrapped(100, gzipSync),
  'a tar bomb': () => compressedZeros(100, [tarHeader('bomb.pem', octal(100 * mebibyte))]),
  'a zip bomb': () => zipOf('bomb.pem', 100),
  'a tar of 2,000 entries': () =>
    Buffer.concat(Array.from({ length: 2000 }, (_, i) => tarHeader(`${i}`, octal(0))).concat(Buffer.alloc(1024))),
  'a tar of 20,000 entries': () =>
    gzipSync(Buffer.concat(Array.from({ length: 20_000 }, (_, i) => tarHeader(`${i}`, octal(0))))),
  'a tar whose entry says that it has 8 GiB': () =>
    Buffer.concat([tarHeader('a.pem', '77777777777\0'), Buffer.alloc(1024, 0x41)]),
  'a tar whose entry says that it has 2^90 octets': () =>
    Buffer.concat([tarHeader('a.pem', '\x80\x04\0\0\0\0\0\0\0\0\0\0'), Buffer.alloc(1024)]),
  'a tar with links and ways out': () =>
    Buffer.concat([
      tarHeader('passwd', octal(0), '2', '/etc/passwd'),
      tarHeader('hard', octal(0), '1', '/etc/passwd'),
      tarHeader('device', octal(0), '3'),
      tarHeader('../../../../etc/passwd', octal(0)),
      tarHeader('/etc/passwd', octal(0)),
      Buffer.alloc(1024),
    ]),
  'a tar with a name of a megabyte': () =>
    Buffer.concat([tarHeader('././@LongLink', octal(900_000), 'L'), Buffer.alloc(900_096, 0x61)]),
  'ASN.1 of 100,000 elements': () => sequence(many(100_000, Buffer.of(5, 0))),
  'ASN.1 of 100,000 elements in a certificate': () =>
    sequence(
      sequence(integer(1), many(100_000, sequence())),
      sequence(oid('1.2.840.10045.4.3.2')),
      der(Tag.BIT_STRING, Buffer.of(0)),
    ),
  '10,000 nested sequences': () => wrapped(10_000, sequence),
  '100,000 nested sequences without lengths': () => Buffer.alloc(200_000, Buffer.of(0x30, 0x80)),
  '10,000 nested octet strings in parts': () => wrapped(10_000, (inner) => der(0x24, inner)),
  'a sequence that says that it has 2^56 octets': () => Buffer.of(0x30, 0x87, 1, 0, 0, 0, 0, 0, 0, 0),
  'an object identifier of a megabyte': () =>
    sequence(sequence(der(6, Buffer.alloc(mebibyte - 100, 0xff), Buffer.of(1))), der(3, Buffer.of(0, 1))),
  'an integer of a megabyte': () => sequence(sequence(der(2, Buffer.alloc(mebibyte - 100, 0x7f)))),
  'a certificate with 20,000 extensions': () =>
    sequence(
      sequence(
        der(contextConstructed(0), integer(2)),
        integer(1),
        sequence(oid('1.2.840.10045.4.3.2')),
        sequence(),
        sequence(),
        sequence(),
        sequence(),
        der(
          contextConstructed(3),
          sequence(
            many(20_000, sequence(oid('2.5.29.17'), der(4, sequence(der(contextPrimitive(2), Buffer.from('a')))))),
          ),
        ),
      ),
      sequence(oid('1.2.840.10045.4.3.2')),
      der(Tag.BIT_STRING, Buffer.of(0)),
    ),
  'billion laughs': () => Buffer.from(billionLaughs()),
  'billion laughs in a kubeconfig': () =>
    Buffer.from(`${billionLaughs()}\napiVersion: v1\nkind: Config\nusers: *a19\nclusters: *a19\n`),
  'an alias to itself': () => Buffer.from('a: &a [*a, *a]\nkind: Config\nusers: *a\n'),
  '100,000 YAML documents': () => Buffer.from(lines(100_000, () => '---')),
  'YAML of 100,000 nested lists': () => Buffer.from('['.repeat(100_000)),
  'YAML of 10,000 nested mappings': () => Buffer.from(lines(1000, (i) => `${' '.repeat(i)}a:`)),
  'YAML of 100,000 keys': () => Buffer.from(lines(100_000, (i) => `a${i}: ${i % 10}`).slice(0, mebibyte)),
  'YAML of 300,000 anchors': () => Buffer.from(`kind: Config\na: [${'&a x,'.repeat(150_000)}]`),
  'JSON of 500,000 nested lists': () => Buffer.from('['.repeat(500_000) + ']'.repeat(500_000)),
  'JSON of 100,000 members': () => Buffer.from(`{${lines(80_000, (i) => `"a${i}":0,`)}"kind":"Config"}`),
  'a megabyte in one line': () => Buffer.alloc(mebibyte, 0x41),
  'a megabyte of blanks': () => Buffer.alloc(mebibyte, 0x20),
  'a megabyte of line ends': () => Buffer.alloc(mebibyte, 0x0a),
  'a megabyte of dashes': () => Buffer.alloc(mebibyte, 0x2d),
  'a megabyte of nothing': () => Buffer.alloc(mebibyte),
  'a megabyte by chance': () => randomBytes(mebibyte),
  'a PEM block of one line': () =>
    Buffer.from(`-----BEGIN CERTIFICATE-----\n${'A'.repeat(mebibyte - 60)}\n-----END CERTIFICATE-----\n`),
  'PEM blocks that only begin': () => Buffer.from('-----BEGIN CERTIFICATE-----\n'.repeat(30_000)),
  'PEM blocks that only end': () => Buffer.from('-----END CERTIFICATE-----\n'.repeat(30_000)),
  'PEM blocks that begin without an end of line': () => Buffer.from('-----BEGIN '.repeat(90_000)),
  'PEM with 20,000 headers': () =>
    Buffer.from(
      `-----BEGIN RSA PRIVATE KEY-----\n${lines(20_000, (i) => `X-${i}: a`)}\n\nAAAA\n-----END RSA PRIVATE KEY-----\n`,
    ),
  'base64 of base64 of base64': (pem) =>
    wrapped(24, (inner) => Buffer.from((inner.length === 0 ? derOf(pem) : inner).toString('base64'))),
  '199 certificates whose signatures are all wrong': (pem) =>
    Buffer.from(
      Array.from({ length: 199 }, (_, i) => {
        const copy = derOf(pem);
        copy.writeUInt16BE(i, copy.length - 2);
        return encodePem('CERTIFICATE', copy);
      }).join(''),
    ),
  '200 times the same certificate': (pem) => Buffer.from(pem.repeat(200)),
  'an RSA key of 8 million bits': () => rsaKey(mebibyte - 100, Buffer.of(1, 0, 1)),
  'an RSA key of 8192 bits with an exponent of as many': () => rsaKey(1024, Buffer.alloc(1023, 0xff)),
  'PKCS#12 with a billion iterations': () => pkcs12(1_000_000_000),
  'PKCS#12 with 2^31 - 1 iterations': () => pkcs12(0x7fffffff),
  'an encrypted key with a billion iterations': () => pbkdf2(1_000_000_000),
  'an encrypted key whose scrypt takes a terabyte': () => scrypt(2 ** 30),
  'twenty encrypted keys that are just affordable': () =>
    Buffer.from(Array.from({ length: 20 }, () => encodePem('ENCRYPTED PRIVATE KEY', pbkdf2(1_000_000))).join('')),
};
