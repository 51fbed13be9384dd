import { createHash, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  inside,
  oid,
  onlyElement,
  sequence,
  unsignedInteger,
} from '@kubepass/x509';
import { type KeyName, privateKey, publicKey } from './keys.js';
import {
  authorityKeyIdentifier,
  basicConstraints,
  dns,
  extKeyUsage,
  integer,
  ip,
  keyUsage,
  NULL,
  subjectAltName,
  subjectKeyIdentifier,
  time,
  user,
} from './values.js';

/** The signer of a certificate, as the certificate names it. */
export interface Issuer {
  readonly name: Buffer;
  readonly key: KeyName;
  readonly keyIdentifier: Buffer | null;
}

/** The fields of a certificate, flaws included. Fields that are left out get correct values. */
export interface CertificateFields {
  readonly subject: Buffer;
  /** The key that the certificate is for. */
  readonly key: KeyName;
  /** Left out: the certificate is self-signed. */
  readonly issuer?: Issuer;
  readonly publicKey?: Buffer;
  /** Null leaves the field out, as in version 1. */
  readonly version?: number | null;
  readonly serialNumber?: Buffer;
  readonly notBefore?: Buffer;
  readonly notAfter?: Buffer;
  readonly issuerUniqueId?: Buffer;
  readonly subjectUniqueId?: Buffer;
  readonly extensions?: readonly Buffer[];
  readonly hash?: Hash;
  /** The AlgorithmIdentifier inside and outside the signed part. */
  readonly innerAlgorithm?: Buffer;
  readonly outerAlgorithm?: Buffer;
  /** Replaces the real signature. */
  readonly signature?: Buffer;
  /** Makes the signature, where it is not the usual one of the key. */
  readonly sign?: (signed: Buffer) => Buffer;
}

export type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

const rsaWith = { md5: 4, sha1: 5, sha256: 11, sha384: 12, sha512: 13 } as const;
const ecdsaWith = { md5: '1', sha1: '1', sha256: '3.2', sha384: '3.3', sha512: '3.4' } as const;

/** The AlgorithmIdentifier of a signature by that key. */
export function signatureAlgorithm(key: KeyObject, hash: Hash): Buffer {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return sequence(oid(`1.2.840.113549.1.1.${rsaWith[hash]}`), NULL);
    case 'ec':
      return sequence(oid(`1.2.840.10045.4.${ecdsaWith[hash]}`));
    case 'ed25519':
      return sequence(oid('1.3.101.112'));
    case 'ed448':
      return sequence(oid('1.3.101.113'));
    default:
      throw new TypeError(`nothing here is signed by a key of type ${String(key.asymmetricKeyType)}`);
  }
}

export const signBytes = (bytes: Uint8Array, key: KeyObject, hash: Hash): Buffer =>
  sign(key.asymmetricKeyType?.startsWith('ed') ? null : hash, bytes, key);

/** A serial number of 128 bits, positive. The same text always gives the same number. */
export const serialNumberOf = (text: string): Buffer => {
  const octets = createHash('sha256').update(text).digest().subarray(0, 16);
  octets.writeUInt8((octets.readUInt8(0) & 0x3f) | 0x40, 0);
  return unsignedInteger(octets);
};

/** RFC 5280 4.2.1.2, method 1. */
export function keyIdentifierOf(key: KeyName): Buffer {
  const reader = inside(onlyElement(publicKey(key), 'a key'));
  reader.next();
  return createHash('sha1').update(reader.next().content.subarray(1)).digest();
}

export const issuerOf = (subject: Buffer, key: KeyName): Issuer => ({
  name: subject,
  key,
  keyIdentifier: keyIdentifierOf(key),
});

/** DER. */
export function certificate(fields: CertificateFields): Buffer {
  const issuer = fields.issuer ?? { name: fields.subject, key: fields.key, keyIdentifier: null };
  const signer = privateKey(issuer.key);
  const hash = fields.hash ?? 'sha256';
  const algorithm = signatureAlgorithm(signer, hash);
  const version = fields.version === undefined ? 2 : fields.version;
  const { extensions = [], issuerUniqueId, subjectUniqueId } = fields;
  const tbs = sequence(
    ...(version === null ? [] : [der(contextConstructed(0), integer(version))]),
    fields.serialNumber ??
      serialNumberOf(`${fields.key} ${fields.subject.toString('hex')} ${issuer.name.toString('hex')}`),
    fields.innerAlgorithm ?? algorithm,
    issuer.name,
    sequence(fields.notBefore ?? time('2026-11-01'), fields.notAfter ?? time('2027-10-31')),
    fields.subject,
    fields.publicKey ?? publicKey(fields.key),
    ...(issuerUniqueId ? [der(contextPrimitive(1), Buffer.of(0), issuerUniqueId)] : []),
    ...(subjectUniqueId ? [der(contextPrimitive(2), Buffer.of(0), subjectUniqueId)] : []),
    ...(extensions.length === 0 ? [] : [der(contextConstructed(3), sequence(...extensions))]),
  );
  return seal(
    tbs,
    fields.outerAlgorithm ?? algorithm,
    fields.signature ?? fields.sign?.(tbs) ?? signBytes(tbs, signer, hash),
  );
}

/** Joins the signed part, its algorithm and its signature, for certificates, requests and lists alike. */
export const seal = (signed: Uint8Array, algorithm: Uint8Array, signature: Uint8Array): Buffer =>
  sequence(signed, algorithm, bitString(signature));

/** A CA that is valid for nearly ten years, as kubeadm makes it. */
export const authority = (subject: Buffer, key: KeyName, more: Partial<CertificateFields> = {}): Buffer =>
  certificate({
    subject,
    key,
    notBefore: time('2026-01-01'),
    notAfter: time('2035-12-29'),
    extensions: [
      keyUsage('digitalSignature', 'keyEncipherment', 'keyCertSign'),
      basicConstraints(true),
      subjectKeyIdentifier(keyIdentifierOf(key)),
      ...(more.issuer?.keyIdentifier ? [authorityKeyIdentifier(more.issuer.keyIdentifier)] : []),
    ],
    ...more,
  });

export const clusterCaName = user('kubernetes');
export const clusterCa = issuerOf(clusterCaName, 'cluster-ca');
export const clusterCaCertificate = (): Buffer => authority(clusterCaName, 'cluster-ca');

/** The extensions of a leaf without those that state its purpose. */
export const leafExtensions = (issuer: Issuer, ...more: readonly Buffer[]): readonly Buffer[] => [
  keyUsage('digitalSignature'),
  basicConstraints(false),
  ...(issuer.keyIdentifier ? [authorityKeyIdentifier(issuer.keyIdentifier)] : []),
  ...more,
];

export interface LeafFields extends Partial<CertificateFields> {
  readonly issuer?: Issuer;
}

/** A client certificate as this service issues it. */
export function userCertificate(subject: Buffer, key: KeyName = 'jane', more: LeafFields = {}): Buffer {
  const issuer = more.issuer ?? clusterCa;
  return certificate({ subject, key, issuer, extensions: leafExtensions(issuer, extKeyUsage('clientAuth')), ...more });
}

export const apiServerNames = [
  dns('control-plane-1'),
  dns('kubernetes'),
  dns('kubernetes.default'),
  dns('kubernetes.default.svc'),
  dns('kubernetes.default.svc.cluster.local'),
  ip(10, 96, 0, 1),
  ip(10, 20, 0, 1),
];

/** A server certificate; by default that of an API server. */
export function serverCertificate(
  subject: Buffer = user('kube-apiserver'),
  names: readonly Buffer[] = apiServerNames,
  more: LeafFields & { readonly key?: KeyName } = {},
): Buffer {
  const issuer = more.issuer ?? clusterCa;
  const extensions = leafExtensions(
    issuer,
    extKeyUsage('serverAuth'),
    ...(names.length === 0 ? [] : [subjectAltName(...names)]),
  );
  return certificate({ subject, key: 'server', issuer, extensions, ...more });
}

export const jane = user('jane', 'dev', 'ops');
export const janesCertificate = (): Buffer => userCertificate(jane);
