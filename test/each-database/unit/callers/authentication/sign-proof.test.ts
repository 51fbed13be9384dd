// Tests packages/kubectl-kubepass/src/sign-proof.ts, src/callers/authentication/key-proofs.ts
import { createHash, createPublicKey } from 'node:crypto';
import { jwtVerify } from 'jose';
import { expect, it } from 'vitest';
import { readKeyProof } from '../../../../../src/callers/authentication/key-proofs.js';
import { generateKeyPair } from '@kubepass/x509';
import { signProof } from '../../../../../packages/kubectl-kubepass/src/sign-proof.js';

it.each(['ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519', 'RSA-2048'] as const)(
  'a proof by a key of %s is read strictly, and its signature verified by jose',
  async (algorithm) => {
    const { privateKey } = await generateKeyPair(algorithm);
    const csr = Buffer.from('the DER of a csr');
    const fingerprintSha256 = createHash('sha256').update('certificate').digest('hex');
    const server = 'https://kubepass.example';
    const ask = { server, fingerprintSha256, csr, now: 1_800_000_000_999 };
    const text = signProof(ask, privateKey);
    expect(readKeyProof(text)).toMatchObject({
      fingerprintSha256,
      method: 'POST',
      address: `${server}/v1/certificates/${fingerprintSha256}/renew`,
      issuedAt: 1_800_000_000,
      csrSha256: createHash('sha256').update(csr).digest('hex'),
    });
    const { protectedHeader } = await jwtVerify(text, createPublicKey(privateKey), { typ: 'kubepass-proof+jwt' });
    expect(protectedHeader.alg).toBe(
      { 'ECDSA-P256': 'ES256', 'ECDSA-P384': 'ES384', 'ECDSA-P521': 'ES512', Ed25519: 'EdDSA', 'RSA-2048': 'RS256' }[
        algorithm
      ],
    );
    expect(signProof(ask, privateKey).split('.')[1]).not.toBe(text.split('.')[1]);
  },
);
