import { createPrivateKey, hash, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { decodeSinglePem } from '@kubepass/x509';

/** A proof that is right, but for what a test gives. `jose` signs it, which the service does not use. */
export async function keyProof(given: {
  readonly fingerprint: string;
  readonly key: KeyObject | string;
  readonly address: string;
  readonly csr: string;
  readonly now?: Date;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}): Promise<string> {
  const { fingerprint, address, csr, now = new Date(), header = {}, claims = {} } = given;
  const key = typeof given.key === 'string' ? createPrivateKey(given.key) : given.key;
  return new SignJWT({
    htm: 'POST',
    htu: `${address}/v1/certificates/${fingerprint}/renew`,
    iat: Math.floor(now.getTime() / 1000),
    jti: randomUUID(),
    csr: csrHash(csr),
    ...claims,
  })
    .setProtectedHeader({
      typ: 'kubepass-proof+jwt',
      alg: algorithmOf(key),
      'x5t#S256': Buffer.from(fingerprint, 'hex').toString('base64url'),
      ...header,
    })
    .sign(key);
}

/** The base64url SHA-256 of the DER of a certification request in PEM. */
export function csrHash(pem: string): string {
  const read = decodeSinglePem(pem, 'CERTIFICATE REQUEST');
  if (!read.ok) throw new Error('no certification request');
  return hash('sha256', read.der, 'base64url');
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyType === 'ed25519') return 'EdDSA';
  return { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }[asymmetricKeyDetails?.namedCurve ?? ''] ?? '';
}
