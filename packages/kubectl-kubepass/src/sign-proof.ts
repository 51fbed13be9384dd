import { createHash, randomUUID, sign } from 'node:crypto';
import { digestOf, type OwnKey } from './key-pair.js';

/**
 * A proof that we hold the key of the certificate, for one renewal with this csr (after RFC 9449). It is for
 * `Authorization: KubepassProof`.
 */
export function signProof(
  {
    server,
    fingerprintSha256,
    csr,
    now,
  }: { readonly server: string; readonly fingerprintSha256: string; readonly csr: Uint8Array; readonly now: number },
  key: OwnKey,
): string {
  const header = {
    typ: 'kubepass-proof+jwt',
    alg: algorithmOf(key),
    'x5t#S256': Buffer.from(fingerprintSha256, 'hex').toString('base64url'),
  };
  const claims = {
    htm: 'POST',
    htu: `${server}/v1/certificates/${fingerprintSha256}/renew`,
    iat: Math.floor(now / 1000),
    jti: randomUUID(),
    csr: createHash('sha256').update(csr).digest('base64url'),
  };
  const signed = `${part(header)}.${part(claims)}`;
  // RFC 7518 section 3.4: the two numbers of an ECDSA signature side by side.
  const signature = sign(digestOf(key), Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function algorithmOf(key: OwnKey): string {
  switch (key.privateKey.asymmetricKeyType) {
    case 'rsa':
      return 'RS256';
    case 'ed25519':
      return 'EdDSA';
    default:
      return { sha256: 'ES256', sha384: 'ES384', sha512: 'ES512' }[digestOf(key) ?? 'sha256'];
  }
}
