import { createPublicKey } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, makeKey } from '../../packages/x509/test/helpers/certificates.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { csrUsername, type SigningJob } from './contender.js';

export const caAlgorithms = ['RSA-2048', 'P-256'] as const;
export type CaAlgorithm = (typeof caAlgorithms)[number];

const connections = 32;
/** More CSRs would change nothing, because no contender remembers a CSR. */
const csrs = 200;

/** A CA in its own files, as every contender reads it, and CSRs for it to sign. */
export async function makeSigningJob(directory: string, algorithm: CaAlgorithm): Promise<SigningJob> {
  mkdirSync(directory, { recursive: true });
  const key = makeKey(algorithm);
  const [certFile, keyFile] = [join(directory, 'ca.crt'), join(directory, 'ca.key')];
  writeFileSync(certFile, makeAuthority({ key }).pem);
  writeFileSync(keyFile, key.pem, { mode: 0o600 });
  return {
    certFile,
    keyFile,
    connections,
    csrs: await Promise.all(
      Array.from({ length: csrs }, async () => {
        const { pem, keyPair } = await csrFor(csrUsername, ['team-a']);
        return { pem, publicKey: createPublicKey(keyPair.privateKey) };
      }),
    ),
  };
}
