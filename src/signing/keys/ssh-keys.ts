import { createPublicKey, type KeyObject } from 'node:crypto';
import { sequence, unsignedInteger } from '@kubepass/x509';
import { SshReader, sshString } from './agent-messages.js';

/** SSH_AGENT_RSA_SHA2_256 of RFC 9987: an RSA signature with SHA-256. */
const rsaSha256Flag = 2;

const sshCurves: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' };

/** A public key for an agent. */
export interface SshKey {
  readonly publicKey: KeyObject;
  /** As SSH encodes it: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4. */
  readonly blob: Buffer;
  /** With which flags it is asked for a signature that X.509 has too. */
  readonly flags: number;
  /** The name of such a signature. */
  readonly signatureName: string;
}

/** Throws `RangeError` for a key of another kind than a CA may have. */
export function sshKey(publicKey: KeyObject): SshKey {
  const { kty, crv = '', ...jwk } = publicKey.export({ format: 'jwk' });
  const octets = (value: string | undefined): Buffer => Buffer.from(value ?? '', 'base64url');
  if (kty === 'RSA') {
    const blob = Buffer.concat(['ssh-rsa', mpint(octets(jwk.e)), mpint(octets(jwk.n))].map(sshString));
    return { publicKey, blob, flags: rsaSha256Flag, signatureName: 'rsa-sha2-256' };
  }
  const curve = sshCurves[crv];
  if (kty === 'EC' && curve !== undefined) {
    const signatureName = `ecdsa-sha2-${curve}`;
    const point = Buffer.concat([Buffer.of(4), octets(jwk.x), octets(jwk.y)]);
    return { publicKey, blob: Buffer.concat([signatureName, curve, point].map(sshString)), flags: 0, signatureName };
  }
  if (crv !== 'Ed25519') throw new RangeError(`an agent signs with no key of the kind ${kty ?? ''} ${crv}`);
  const blob = Buffer.concat(['ssh-ed25519', octets(jwk.x)].map(sshString));
  return { publicKey, blob, flags: 0, signatureName: 'ssh-ed25519' };
}

/** The key that an agent has; null where it is of a kind that no CA has, or not encoded as `sshKey` does it. */
export function readSshKey(blob: Buffer): SshKey | null {
  try {
    const key = sshKey(createPublicKey({ key: jwkOf(new SshReader(blob)), format: 'jwk' }));
    return key.blob.equals(blob) ? key : null;
  } catch {
    return null;
  }
}

function jwkOf(reader: SshReader): Readonly<Record<string, string>> {
  const name = reader.string().toString('latin1');
  const text = (octets: Buffer): string => octets.toString('base64url');
  if (name === 'ssh-rsa') return { kty: 'RSA', e: text(reader.positive()), n: text(reader.positive()) };
  if (name === 'ssh-ed25519') return { kty: 'OKP', crv: 'Ed25519', x: text(reader.string()) };
  const [crv] = Object.entries(sshCurves).find(([, curve]) => name === `ecdsa-sha2-${curve}`) ?? [];
  if (crv === undefined) throw new RangeError('a key of another kind');
  reader.string();
  const point = reader.string();
  const size = (point.length - 1) / 2;
  return { kty: 'EC', crv, x: text(point.subarray(1, 1 + size)), y: text(point.subarray(1 + size)) };
}

/** An agent's signature by a key, as X.509 has it. Throws `RangeError` where it cannot be one. */
export function readSshSignature(signature: Buffer, { publicKey, signatureName }: SshKey): Buffer {
  const reader = new SshReader(signature);
  const name = reader.string().toString('latin1');
  if (name !== signatureName)
    throw new RangeError(`the signature is ${JSON.stringify(name.slice(0, 40))}, and not ${signatureName}`);
  const octets = reader.string();
  reader.end();
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  if (namedCurve !== undefined) return readEcdsaSignature(octets, octetsOfCurve[namedCurve] ?? 0);
  const length = modulusLength === undefined ? 64 : Math.ceil(modulusLength / 8);
  // Some agents leave leading zeros of RSA out, as RFC 8332 allows.
  const missing = length - octets.length;
  if (missing === 0) return Buffer.from(octets);
  if (missing < 0 || modulusLength === undefined)
    throw new RangeError(`the signature has ${octets.length} octets instead of ${length}`);
  return Buffer.concat([Buffer.alloc(missing), octets]);
}

const octetsOfCurve: Readonly<Record<string, number>> = { prime256v1: 32, secp384r1: 48, secp521r1: 66 };

/** RFC 5656 section 3.1.2 has two numbers; RFC 3279 section 2.2.3 has them as DER. */
function readEcdsaSignature(octets: Buffer, size: number): Buffer {
  const reader = new SshReader(octets);
  const numbers = [reader.positive(), reader.positive()];
  reader.end();
  if (numbers.some(({ length }) => length > size)) throw new RangeError('a number of the signature is too long');
  return sequence(...numbers.map(unsignedInteger));
}

/** A number as an `mpint`, without a sign. */
const mpint = (number: Buffer): Buffer => ((number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), number]) : number);
