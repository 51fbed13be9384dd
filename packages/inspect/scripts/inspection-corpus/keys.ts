import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../corpus-keys/', import.meta.url));

const rsa = (modulusLength: number, publicExponent = 0x10001) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;

/**
 * The keys of the corpus. They are committed so that signatures stay the same where possible. Nobody uses them
 * elsewhere.
 */
const makers = {
  'cluster-ca': () => rsa(2048),
  'other-ca': () => rsa(2048),
  'k3s-server-ca': () => ec('P-256'),
  'k3s-client-ca': () => ec('P-256'),
  root: () => rsa(2048),
  intermediate: () => rsa(2048),
  server: () => ec('P-256'),
  jane: () => ec('P-256'),
  bob: () => ec('P-256'),
  eve: () => ec('P-256'),
  'rsa-leaf': () => rsa(2048),
  'rsa-3072': () => rsa(3072),
  'rsa-1024': () => rsa(1024),
  'rsa-exponent-3': () => rsa(2048, 3),
  'rsa-exponent-43147': () => rsa(2048, 43_147),
  'rsa-exponent-of-32-bits': () => rsa(2048, 0x80000003),
  'rsa-pss': () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey,
  p224: () => ec('secp224r1'),
  p384: () => ec('P-384'),
  p521: () => ec('P-521'),
  secp256k1: () => ec('secp256k1'),
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  ed448: () => generateKeyPairSync('ed448').privateKey,
  x25519: () => generateKeyPairSync('x25519').privateKey,
  dsa: () => generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey,
} as const satisfies Record<string, () => KeyObject>;

export type KeyName = keyof typeof makers;

const loaded = new Map<KeyName, KeyObject>();

/** The private key with that name. It is read from its file, and the file is written if it does not exist. */
export function privateKey(name: KeyName): KeyObject {
  const known = loaded.get(name) ?? load(name);
  loaded.set(name, known);
  return known;
}

/** The path of the key's PKCS#8 PEM, for openssl. */
export function keyFile(name: KeyName): string {
  privateKey(name);
  return pathOf(name);
}

/** DER SubjectPublicKeyInfo. */
export const publicKey = (name: KeyName): Buffer =>
  createPublicKey(privateKey(name)).export({ type: 'spki', format: 'der' });

const pathOf = (name: KeyName): string => join(folder, `${name}.pem`);

function load(name: KeyName): KeyObject {
  const file = pathOf(name);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, makers[name]().export({ type: 'pkcs8', format: 'pem' }));
  }
  return createPrivateKey(readFileSync(file));
}
