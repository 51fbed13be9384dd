import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { createSecretFile, readSecretFile } from '../config/secrets.js';
import type { Log } from '../context/context.js';
import type { CheckpointSigner } from './sign-checkpoints.js';

/**
 * Reads the keys that sign checkpoints. `files` null: it is the one in the data dir, made at first use. Throws where a
 * file cannot be read, or holds no Ed25519 key.
 */
export async function openCheckpointKeys(
  files: readonly string[] | null,
  dataDir: string,
  log: Log,
): Promise<readonly CheckpointSigner[]> {
  if (files !== null) return Promise.all(files.map((file) => readCheckpointKey(file, log)));
  const file = ownCheckpointKeyFile(dataDir);
  const { privateKey } = generateKeyPairSync('ed25519');
  await createSecretFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));
  return [await readCheckpointKey(file, log)];
}

/** The key in the data dir, where the configuration names none. */
export const ownCheckpointKeyFile = (dataDir: string): string => join(dataDir, 'checkpoint.key');

/** Reads a key. Throws where the file cannot be read, or holds no Ed25519 key. */
export async function readCheckpointKey(file: string, log: Pick<Log, 'warn'>): Promise<CheckpointSigner> {
  const privateKey = keyIn(await readSecretFile(file, log));
  if (privateKey?.asymmetricKeyType !== 'ed25519')
    throw new Error(`${file} holds no Ed25519 private key as PEM; openssl genpkey -algorithm ed25519 makes one`);
  // RFC 8410 section 4: the key is the last 32 octets of its SubjectPublicKeyInfo.
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: spki.subarray(-32) };
}

/** Null where it is no key. No error of the parser is repeated: it could quote the file. */
function keyIn(content: Buffer): KeyObject | null {
  try {
    return createPrivateKey({ key: content, format: 'pem' });
  } catch {
    return null;
  }
}
