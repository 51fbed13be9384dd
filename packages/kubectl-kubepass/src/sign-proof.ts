import { createHash, type KeyObject, randomUUID, sign } from 'node:crypto';
import { signatureAlgorithmFor } from '@kubepass/x509';

/** The renewal that a proof is for. */
interface ProvenRenewal {
  readonly server: string;
  readonly fingerprintSha256: string;
  /** DER. */
  readonly csr: Uint8Array;
  readonly now: number;
}

/**
 * A proof that we hold the key of the certificate, for one renewal with this csr (after RFC 9449). It is for
 * `Authorization: KubepassProof`.
 */
export function signProof({ server, fingerprintSha256, csr, now }: ProvenRenewal, key: KeyObject): string {
  const { keyType, hash } = signatureAlgorithmFor(key);
  const header = {
    typ: 'kubepass-proof+jwt',
    // RFC 7518 section 3.1, RFC 8037.
    alg: hash === null ? 'EdDSA' : `${keyType === 'rsa' ? 'RS' : 'ES'}${hash.slice('sha'.length)}`,
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
  const signature = sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
