import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { sealCertificate, writeTbsCertificate } from '../../src/strict/certificate-writer.js';
import {
  bitString,
  contextConstructed,
  contextPrimitive,
  der,
  oid,
  sequence,
  setOf,
  Tag,
  unsignedInteger,
} from '../../src/strict/der.js';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  extKeyUsageExtension,
  type KeyUsage,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
  writeExtension,
} from '../../src/strict/extension.js';
import { extensionId, keyPurpose } from '../../src/strict/object-identifiers.js';
import { encodePem } from '../../src/strict/pem.js';
import { signatureAlgorithmFor } from '../../src/strict/crypto.js';
import { writeValidity } from '../../src/strict/validity.js';

/** Certificates of every kind, good and bad, for tests of the reports about them. */
export interface MadeCertificate {
  readonly der: Buffer;
  readonly pem: string;
  readonly subject: Buffer;
  readonly key: MadeKey;
  /** Null if it has none. */
  readonly keyIdentifier: Buffer | null;
}

export interface MadeKey {
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  /** PKCS#8. */
  readonly pem: string;
}

export type KeyType = 'P-256' | 'P-384' | 'P-521' | 'secp256k1' | 'RSA-1024' | 'RSA-2048' | 'Ed25519';

export function makeKey(type: KeyType = 'P-256'): MadeKey {
  const { privateKey, publicKey } =
    type === 'RSA-1024' || type === 'RSA-2048'
      ? generateKeyPairSync('rsa', { modulusLength: Number(type.slice(4)) })
      : type === 'Ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: type });
  return {
    privateKey,
    spki: publicKey.export({ type: 'spki', format: 'der' }),
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Attribute types and values, one RDN each: `['2.5.4.3', 'jane']`, or `CN` and `O` for short. */
export type NameParts = readonly (readonly [type: string, value: string])[];

const shortTypes: Readonly<Record<string, string>> = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11', C: '2.5.4.6' };

export const nameOf = (parts: NameParts, stringType: number = Tag.UTF8_STRING): Buffer =>
  sequence(
    ...parts.map(([type, value]) =>
      setOf(sequence(oid(shortTypes[type] ?? type), der(stringType, Buffer.from(value, 'utf8')))),
    ),
  );

export interface CertificateFields {
  readonly subject?: NameParts | Buffer;
  /** Absent: it is self-signed. */
  readonly issuer?: MadeCertificate;
  /** Replaces the issuer's subject in the certificate. */
  readonly issuerName?: Buffer;
  readonly key?: MadeKey;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly serialNumber?: Buffer;
  readonly version?: 1 | 3;
  /** Replaces those of a client or a CA; null leaves one out. */
  readonly basicConstraints?: Buffer | null;
  readonly keyUsage?: readonly KeyUsage[] | null;
  readonly extKeyUsage?: readonly string[] | null;
  readonly subjectKeyIdentifier?: Buffer | null;
  readonly authorityKeyIdentifier?: Buffer | null;
  /** Additional whole extensions. */
  readonly extensions?: readonly Buffer[];
  /** Replaces the algorithm that fits the key. */
  readonly signedWith?: {
    readonly identifier: Buffer;
    readonly sign: (octets: Buffer, key: KeyObject) => Buffer;
  };
  /** Spoils the signature. */
  readonly forged?: boolean;
}

/** The current time in tests of certificates. */
export const testNow = new Date('2026-06-01T00:00:00Z');

/** A CA without flaws, unless the fields say otherwise. */
export const makeAuthority = (fields: CertificateFields = {}): MadeCertificate =>
  makeCertificate({
    subject: [['CN', 'test-ca']],
    notBefore: new Date('2025-01-01T00:00:00Z'),
    notAfter: new Date('2035-01-01T00:00:00Z'),
    basicConstraints: basicConstraintsExtension(true),
    keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
    extKeyUsage: null,
    subjectKeyIdentifier: randomBytes(20),
    ...fields,
  });

/** A user certificate without flaws, unless the fields say otherwise. */
export function makeCertificate(fields: CertificateFields = {}): MadeCertificate {
  const { issuer } = fields;
  const key = fields.key ?? makeKey();
  const signer = issuer?.key ?? key;
  const subject = Buffer.isBuffer(fields.subject) ? fields.subject : nameOf(fields.subject ?? [['CN', 'jane']]);
  const keyIdentifier = fields.subjectKeyIdentifier ?? null;
  const authority = fields.authorityKeyIdentifier === undefined ? issuer?.keyIdentifier : fields.authorityKeyIdentifier;
  const validity = {
    notBefore: fields.notBefore ?? new Date('2026-05-01T00:00:00Z'),
    notAfter: fields.notAfter ?? new Date('2027-01-01T00:00:00Z'),
  };
  const { basicConstraints, keyUsage, extKeyUsage } = fields;
  const extensions = [
    ...(keyUsage === null ? [] : [keyUsageExtension(keyUsage ?? ['digitalSignature'])]),
    ...(extKeyUsage === null ? [] : [extKeyUsageExtension(extKeyUsage ?? [keyPurpose.clientAuth])]),
    ...(basicConstraints === null ? [] : [basicConstraints ?? basicConstraintsExtension(false)]),
    ...(keyIdentifier === null ? [] : [subjectKeyIdentifierExtension(keyIdentifier)]),
    ...(authority ? [authorityKeyIdentifierExtension(authority)] : []),
    ...(fields.extensions ?? []),
  ];
  const fitting = signatureAlgorithmFor(signer.privateKey);
  const algorithm = { ...fitting, identifier: fields.signedWith?.identifier ?? fitting.identifier };
  const content = {
    ...validity,
    serialNumber: fields.serialNumber ?? Buffer.concat([Buffer.of(0x5a), randomBytes(15)]),
    signatureAlgorithm: algorithm,
    issuer: fields.issuerName ?? issuer?.subject ?? subject,
    subject,
    subjectPublicKeyInfo: key.spki,
    extensions,
  };
  const tbs =
    fields.version === 1
      ? sequence(
          unsignedInteger(content.serialNumber),
          algorithm.identifier,
          content.issuer,
          writeValidity(validity),
          subject,
          key.spki,
        )
      : writeTbsCertificate(content);
  const signature = fields.signedWith?.sign(tbs, signer.privateKey) ?? sign(algorithm.hash, tbs, signer.privateKey);
  const sealed = sealCertificate(fields.forged ? spoiled(tbs, content.serialNumber) : tbs, algorithm, signature);
  return { der: sealed, pem: encodePem('CERTIFICATE', sealed), subject, key, keyIdentifier };
}

/** The same certificate with another serial number. */
function spoiled(tbs: Buffer, serialNumber: Buffer): Buffer {
  const changed = Buffer.from(tbs);
  changed.writeUInt8(
    changed.readUInt8(changed.indexOf(serialNumber) + serialNumber.length - 1) ^ 1,
    changed.indexOf(serialNumber) + serialNumber.length - 1,
  );
  return changed;
}

/** BasicConstraints with a path length. */
export const pathLength = (length: number, ca = true, critical = true): Buffer =>
  writeExtension(
    extensionId.basicConstraints,
    critical,
    sequence(...(ca ? [der(Tag.BOOLEAN, Buffer.of(0xff))] : []), unsignedInteger(Buffer.of(length))),
  );

export const caConstraints = (critical: boolean): Buffer =>
  writeExtension(extensionId.basicConstraints, critical, sequence(der(Tag.BOOLEAN, Buffer.of(0xff))));

export interface AlternativeNames {
  readonly dns?: readonly string[];
  readonly ip?: readonly Buffer[];
  readonly email?: readonly string[];
  readonly uri?: readonly string[];
  readonly directory?: readonly Buffer[];
  /** Whole encodings of any form. */
  readonly whole?: readonly Buffer[];
}

const generalNames = ({
  dns = [],
  ip = [],
  email = [],
  uri = [],
  directory = [],
  whole = [],
}: AlternativeNames): Buffer[] => [
  ...dns.map((name) => der(contextPrimitive(2), Buffer.from(name))),
  ...ip.map((address) => der(contextPrimitive(7), address)),
  ...email.map((name) => der(contextPrimitive(1), Buffer.from(name))),
  ...uri.map((name) => der(contextPrimitive(6), Buffer.from(name))),
  ...directory.map((name) => der(contextConstructed(4), name)),
  ...whole,
];

export const subjectAltName = (names: AlternativeNames): Buffer =>
  writeExtension(extensionId.subjectAltName, false, sequence(...generalNames(names)));

/** RFC 5280 4.2.1.10; an `ip` is an address and its mask. */
export function nameConstraints(permitted: AlternativeNames, excluded: AlternativeNames = {}, critical = true): Buffer {
  const subtrees = (tag: number, names: AlternativeNames): Buffer[] => {
    const bases = generalNames(names).map((name) => sequence(name));
    return bases.length === 0 ? [] : [der(contextConstructed(tag), ...bases)];
  };
  return writeExtension('2.5.29.30', critical, sequence(...subtrees(0, permitted), ...subtrees(1, excluded)));
}

/** A certificate list (RFC 5280 5.1) of an issuer that revokes these serial numbers. */
export function makeList(
  issuer: MadeCertificate,
  revoked: readonly Buffer[],
  nextUpdate = new Date('2027-01-01T00:00:00Z'),
  signer: MadeKey = issuer.key,
  thisUpdate = new Date('2026-01-01T00:00:00Z'),
): { readonly der: Buffer; readonly pem: string } {
  const algorithm = signatureAlgorithmFor(signer.privateKey);
  // A Validity is the two times one after the other.
  const validity = writeValidity({ notBefore: thisUpdate, notAfter: nextUpdate });
  const times = validity.subarray(2);
  const time = times.subarray(0, times.length / 2);
  const toBeSigned = sequence(
    unsignedInteger(Buffer.of(1)),
    algorithm.identifier,
    issuer.subject,
    times,
    ...(revoked.length === 0
      ? []
      : [sequence(...revoked.map((serialNumber) => sequence(unsignedInteger(serialNumber), time)))]),
    der(
      contextConstructed(0),
      sequence(
        ...(issuer.keyIdentifier === null ? [] : [authorityKeyIdentifierExtension(issuer.keyIdentifier)]),
        writeExtension('2.5.29.20', false, unsignedInteger(Buffer.of(7))),
      ),
    ),
  );
  const list = sequence(
    toBeSigned,
    algorithm.identifier,
    bitString(sign(algorithm.hash, toBeSigned, signer.privateKey)),
  );
  return { der: list, pem: encodePem('X509 CRL', list) };
}
