import 'reflect-metadata';
import type { KeyObject } from 'node:crypto';
import {
  BasicConstraintsExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { KeyPair } from '../../src/strict/crypto.js';

export const caNotBefore = new Date('2020-01-01T00:00:00Z');
export const caNotAfter = new Date('2060-01-01T00:00:00Z');

export const caExtensions = {
  keyUsage: new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  basicConstraints: new BasicConstraintsExtension(true, undefined, true),
  subjectKeyIdentifier: new SubjectKeyIdentifierExtension('0102030405060708090a0b0c0d0e0f1011121314'),
};

/** A self-signed CA certificate for any key, as PEM, made by `@peculiar/x509`; its key and extensions may be others. */
export async function buildCertificateAuthority(
  { privateKey, subjectPublicKeyInfo }: KeyPair,
  fields: { readonly extensions?: readonly Extension[]; readonly subjectPublicKeyInfo?: Buffer } = {},
): Promise<string> {
  const name = new Name([{ O: ['corp'] }, { CN: ['clients@corp.example'] }]);
  const signingAlgorithm = webAlgorithms[privateKey.asymmetricKeyDetails?.namedCurve ?? privateKey.asymmetricKeyType!]!;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '5a01020304050607',
    issuer: name,
    subject: name,
    notBefore: caNotBefore,
    notAfter: caNotAfter,
    publicKey: new Uint8Array(fields.subjectPublicKeyInfo ?? subjectPublicKeyInfo),
    signingKey: privateKey.toCryptoKey(signingAlgorithm, false, ['sign']),
    signingAlgorithm,
    extensions: [...(fields.extensions ?? Object.values(caExtensions))],
  });
  return `${certificate.toString('pem')}\n`;
}

type WebAlgorithm = Parameters<KeyObject['toCryptoKey']>[0] & { readonly name: string; readonly hash: string };

/** As the profile has it: SHA-256 with RSA and P-256, else as long as the curve. Ed25519 hashes by itself. */
const webAlgorithms: Readonly<Record<string, WebAlgorithm>> = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  prime256v1: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' },
  ed25519: { name: 'Ed25519', hash: 'SHA-512' },
};
