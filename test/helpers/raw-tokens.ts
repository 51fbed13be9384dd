import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** Makes the signature over the octets of header and payload. */
export type SignOctets = (octets: Buffer) => Buffer;

const json = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const part = (value: unknown): string => Buffer.from(json(value)).toString('base64url');

/** A token of exactly these parts. A text stands for itself, so that it may be what no serializer writes. */
export function rawToken(header: unknown, payload: unknown, signOctets: SignOctets): string {
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${signOctets(Buffer.from(signed)).toString('base64url')}`;
}

export const withRsa =
  (key: KeyObject, hash = 'sha256'): SignOctets =>
  (octets) =>
    sign(hash, octets, key);

/** `encoding`: that of RFC 7518 section 3.4 is ieee-p1363. */
export const withEcdsa =
  (key: KeyObject, encoding: 'ieee-p1363' | 'der' = 'ieee-p1363'): SignOctets =>
  (octets) =>
    sign('sha256', octets, { key, dsaEncoding: encoding });

export const withEdDsa =
  (key: KeyObject): SignOctets =>
  (octets) =>
    sign(null, octets, key);

export const withHmac =
  (secret: string | Buffer): SignOctets =>
  (octets) =>
    createHmac('sha256', secret).update(octets).digest();

export const unsigned: SignOctets = () => Buffer.alloc(0);

/** One key of each kind for all tests of a file. */
export const makeKeys = () => ({
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  otherRsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  weakRsa: generateKeyPairSync('rsa', { modulusLength: 1024 }),
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ed25519: generateKeyPairSync('ed25519'),
});

/** A public key as a JWK set holds it. */
export const jwkOf = (key: KeyObject, members: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  ...key.export({ format: 'jwk' }),
  ...members,
});
