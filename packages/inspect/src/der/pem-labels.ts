import type { ObjectContent, PrivateKeyContent } from '../model/inspection.js';

/** Labels by kind of object: those of RFC 7468, and older ones. */
const labels = {
  Certificate: ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'],
  CertificationRequest: ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'],
  CertificateList: ['X509 CRL', 'CRL'],
  PKCS7: ['PKCS7', 'CMS', 'PKCS #7 SIGNED DATA', 'CERTIFICATE CHAIN'],
  PKCS12: ['PKCS12'],
} as const satisfies Partial<Record<ObjectContent['type'], readonly string[]>>;

const publicKeyLabels = ['PUBLIC KEY', 'RSA PUBLIC KEY'];

const privateKeyLabels: Record<PrivateKeyContent['encoding'], readonly string[]> = {
  'PKCS#1': ['RSA PRIVATE KEY', 'DSA PRIVATE KEY'],
  SEC1: ['EC PRIVATE KEY'],
  'PKCS#8': ['PRIVATE KEY'],
  'EncryptedPKCS#8': ['ENCRYPTED PRIVATE KEY'],
  LegacyEncryptedPEM: ['RSA PRIVATE KEY', 'DSA PRIVATE KEY', 'EC PRIVATE KEY', 'PRIVATE KEY'],
  OpenSSH: ['OPENSSH PRIVATE KEY'],
};

/** The labels that such an object may have, the proper one first; empty for objects that have none. */
export function pemLabelsOf(content: ObjectContent): readonly string[] {
  switch (content.type) {
    case 'Certificate':
    case 'CertificationRequest':
    case 'CertificateList':
    case 'PKCS7':
    case 'PKCS12':
      return labels[content.type];
    case 'PublicKey':
      return publicKeyLabels;
    case 'PrivateKey':
      return privateKeyLabels[content.encoding];
    default:
      return [];
  }
}

/** The kinds of objects that a label can promise. */
export type Promised = keyof typeof labels | 'PublicKey' | 'PrivateKey';

/** Null for an unknown label. */
export function promisedBy(label: string): Promised | null {
  if (publicKeyLabels.includes(label)) return 'PublicKey';
  if (label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY')) return 'PrivateKey';
  for (const type of Object.keys(labels) as (keyof typeof labels)[])
    if ((labels[type] as readonly string[]).includes(label)) return type;
  return null;
}

/** The name of each kind in a sentence. */
export const kindInWords: Readonly<Record<Promised, string>> = {
  Certificate: 'a certificate',
  CertificationRequest: 'a certification request',
  CertificateList: 'a certificate list',
  PublicKey: 'a public key',
  PrivateKey: 'a private key',
  PKCS7: 'PKCS#7',
  PKCS12: 'PKCS#12',
};
