import { createHmac, pbkdf2Sync } from 'node:crypto';

import { contextConstructed, der, oid, sequence, Tag, unsignedInteger } from '@kubepass/x509';

/** Parts of a PKCS#12 (RFC 7292), to put together what openssl does not write. */
export const octetString = (octets: Uint8Array): Buffer => der(Tag.OCTET_STRING, octets);

export const integer = (n: number | bigint): Buffer => {
  const hex = n.toString(16);
  return unsignedInteger(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'));
};

export const data = (octets: Uint8Array): Buffer =>
  sequence(oid('1.2.840.113549.1.7.1'), der(contextConstructed(0), octetString(octets)));

export const encryptedData = (algorithm: Buffer, ciphertext: Buffer): Buffer => {
  const content = sequence(oid('1.2.840.113549.1.7.1'), algorithm, der(0x80, ciphertext));
  return sequence(oid('1.2.840.113549.1.7.6'), der(contextConstructed(0), sequence(integer(0), content)));
};

export const bag = (type: number, value: Buffer, ...attributes: readonly Buffer[]): Buffer =>
  sequence(
    oid(`1.2.840.113549.1.12.10.1.${type.toString()}`),
    der(contextConstructed(0), value),
    ...(attributes.length === 0 ? [] : [der(Tag.SET, ...attributes)]),
  );

export const certificateBag = (certificate: Buffer, ...attributes: readonly Buffer[]): Buffer =>
  bag(3, sequence(oid('1.2.840.113549.1.9.22.1'), der(contextConstructed(0), octetString(certificate))), ...attributes);

export const friendlyName = (utf16: Buffer): Buffer =>
  sequence(oid('1.2.840.113549.1.9.20'), der(Tag.SET, der(Tag.BMP_STRING, utf16)));

export const pkcs12 = (safes: readonly Buffer[], ...mac: readonly Buffer[]): Buffer =>
  sequence(integer(3), data(sequence(...safes)), ...mac);

const digestInfo = (algorithm: Buffer, digest: Buffer): Buffer => sequence(algorithm, octetString(digest));

/** MacData of RFC 7292 with a digest that fits nothing. */
export const macData = (iterations: number | bigint): Buffer =>
  sequence(
    digestInfo(sequence(oid('2.16.840.1.101.3.4.2.1'), der(Tag.NULL)), Buffer.alloc(32)),
    octetString(Buffer.alloc(8)),
    integer(iterations),
  );

export const pbkdf2 = (
  salt: Buffer,
  iterations: number | bigint,
  keyLength: number | bigint | null,
  prf: number,
): Buffer =>
  sequence(
    oid('1.2.840.113549.1.5.12'),
    sequence(
      octetString(salt),
      integer(iterations),
      ...(keyLength === null ? [] : [integer(keyLength)]),
      sequence(oid(`1.2.840.113549.2.${prf.toString()}`), der(Tag.NULL)),
    ),
  );

/** MacData of RFC 9579 over these safes: PBKDF2 and HMAC with SHA-256. */
export function pbmac1(safes: readonly Buffer[], password: string, keyLength: number | null = 32): Buffer {
  const salt = Buffer.from('saltsalt');
  const key = pbkdf2Sync(password, salt, 10_000, keyLength ?? 32, 'sha256');
  const digest = createHmac('sha256', key)
    .update(sequence(...safes))
    .digest();
  const parameters = sequence(pbkdf2(salt, 10_000, keyLength, 9), sequence(oid('1.2.840.113549.2.9'), der(Tag.NULL)));
  return sequence(
    digestInfo(sequence(oid('1.2.840.113549.1.5.14'), parameters), digest),
    octetString(Buffer.from('NOT USED')),
    integer(1),
  );
}
