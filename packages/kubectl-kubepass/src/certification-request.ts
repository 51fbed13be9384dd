import { sign } from 'node:crypto';
import { digestOf, subjectPublicKeyInfo, type OwnKey } from './key-pair.js';

/** A PKCS#10 request as PEM and as DER. */
export interface WrittenRequest {
  readonly pem: string;
  readonly der: Buffer;
}

/**
 * Writes a certification request (RFC 2986 section 4) with one O for each group and one CN, and nothing else. Its few DER
 * nodes are written here, because a library for X.509 takes longer to load than the whole plugin to run.
 */
export function writeCertificationRequest(
  { username, groups }: { readonly username: string; readonly groups: readonly string[] },
  key: OwnKey,
): WrittenRequest {
  const subject = node(
    0x30,
    // 2.5.4.10 organizationName, 2.5.4.3 commonName.
    ...groups.map((group) => attribute('55040a', group)),
    attribute('550403', username),
  );
  const information = node(0x30, node(0x02, Buffer.of(0)), subject, subjectPublicKeyInfo(key), node(0xa0));
  const signature = sign(digestOf(key), information, key.privateKey);
  const der = node(0x30, information, signatureAlgorithm(key), node(0x03, Buffer.of(0), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    der,
    pem: ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n'),
  };
}

/** A RelativeDistinguishedName with one UTF8String (RFC 5280 section 4.1.2.4). */
const attribute = (type: string, value: string): Buffer =>
  node(0x31, node(0x30, identifier(type), node(0x0c, Buffer.from(value, 'utf8'))));

/** An AlgorithmIdentifier: RFC 8017 (with NULL), RFC 5758 section 3.2, RFC 8410 section 3 (without parameters). */
function signatureAlgorithm(key: OwnKey): Buffer {
  switch (key.privateKey.asymmetricKeyType) {
    case 'rsa':
      return node(0x30, identifier('2a864886f70d01010b'), node(0x05));
    case 'ed25519':
      return node(0x30, identifier('2b6570'));
    default: {
      const last = { sha256: '02', sha384: '03', sha512: '04' }[digestOf(key) ?? 'sha256'];
      return node(0x30, identifier(`2a8648ce3d0403${last}`));
    }
  }
}

const identifier = (hex: string): Buffer => node(0x06, Buffer.from(hex, 'hex'));

/** A DER node with a definite length in its shortest form (X.690 section 10.1). */
function node(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(content);
  const { length } = value;
  const size =
    length < 0x80
      ? Buffer.of(length)
      : length < 0x100
        ? Buffer.of(0x81, length)
        : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, value]);
}
