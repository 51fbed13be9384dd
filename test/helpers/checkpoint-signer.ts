import { generateKeyPairSync } from 'node:crypto';
import type { CheckpointSigner } from '../../src/log/sign-checkpoints.js';

export function newCheckpointSigner(): CheckpointSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), privateKey };
}
