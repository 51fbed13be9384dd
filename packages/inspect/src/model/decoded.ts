import type { InventoryEntry, ObjectContent, UploadRefusalReason } from './inspection.js';
import type { BasicConstraints, KeyUsage } from '@kubepass/x509';
import type { AlgorithmIdentifier, CertificateTree, CertificationRequestTree } from '@kubepass/x509/tree';
import type { FindingCode } from './catalogue.js';

/** Bytes that were found in an upload and are not decoded yet. */
export interface Piece {
  /** `pki/ca.crt`, `users[0].user.client-certificate-data`, `store.p12#certificates[0]`. */
  readonly path: string;
  readonly bytes: Buffer;
  /** The label of the PEM block around them; null where there was none. A claim, not a fact. */
  readonly label: string | null;
  /** The headers of that PEM block (RFC 1421 4.6: `Proc-Type`, `DEK-Info`); empty where it has none. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An oddity that was seen when an object was read or compared. It becomes a finding about that object. */
export interface Observation {
  readonly code: FindingCode;
  /** One sentence about this case. It quotes no private octet and no token. */
  readonly message: string;
}

/** An object that was decoded. */
export interface Decoded {
  readonly content: ObjectContent;
  readonly material: Material | null;
  readonly observations: readonly Observation[];
  /** The pieces inside it, which become objects of their own. */
  readonly pieces: readonly Piece[];
}

/** A decoded object in its place. */
export interface DecodedObject extends Omit<Decoded, 'pieces'> {
  /** Unique within the upload. */
  readonly path: string;
  /** The path of the object that holds it; null at the top. */
  readonly parent: string | null;
}

/** The typed parts of an object that comparisons need. They are never part of the answer and hold no private key. */
export type Material = CertificateMaterial | RequestMaterial | ListMaterial | KeyMaterial;

/** A signature and what it is over, octets as they were found. */
export interface Signed {
  readonly signedBytes: Buffer;
  readonly algorithm: AlgorithmIdentifier;
  readonly signature: Buffer;
}

export interface CertificateMaterial {
  readonly kind: 'certificate';
  readonly tree: CertificateTree;
  /** As it was found, or in DER where it was found in BER. */
  readonly der: Buffer;
  readonly signed: Signed;
  /** DER Names. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** Content octets of the INTEGER. */
  readonly serialNumber: Buffer;
  readonly subjectPublicKeyInfo: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly version: number;
  /** Each null where the extension is absent or malformed. */
  readonly subjectKeyIdentifier: Buffer | null;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null;
  readonly basicConstraints: BasicConstraints | null;
  readonly keyUsage: readonly KeyUsage[] | null;
  /** Dotted. */
  readonly extKeyUsage: readonly string[] | null;
  readonly subjectAltNames: SubjectAltNames | null;
}

/** RFC 5280 4.2.1.1. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Buffer | null;
  /** DER Name of the first directoryName; null where there is none. */
  readonly issuer: Buffer | null;
  readonly serialNumber: Buffer | null;
}

export interface SubjectAltNames {
  readonly dns: readonly string[];
  /** As text: `10.0.0.1`, `fd00::1`. */
  readonly ip: readonly string[];
  readonly email: readonly string[];
  readonly uri: readonly string[];
  /** How many of other kinds. */
  readonly others: number;
}

export interface RequestMaterial {
  readonly kind: 'request';
  readonly tree: CertificationRequestTree;
  readonly der: Buffer;
  readonly signed: Signed;
  readonly subject: Buffer;
  readonly subjectPublicKeyInfo: Buffer;
}

export interface ListMaterial {
  readonly kind: 'list';
  readonly der: Buffer;
  readonly signed: Signed;
  readonly issuer: Buffer;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
  /** Content octets of the INTEGERs, hex. */
  readonly revokedSerialNumbers: ReadonlySet<string>;
}

/** The public half, of private keys too. */
export interface KeyMaterial {
  readonly kind: 'publicKey' | 'privateKey';
  readonly subjectPublicKeyInfo: Buffer;
}

/** Counts the cost of reading an upload. Spending past it throws `UploadRefusedError`. */
export interface Budget {
  /** Octets that an unwrapping step (base64, gzip, decryption) makes. */
  spendOctets(octets: number): void;
  spendObject(): void;
  /** Iterations of a key derivation, times the cost of one against PBKDF2-HMAC-SHA-256; false where they cost too much. */
  mayDerive(iterations: number): boolean;
  /** Asks for the verification of one signature; false where no more are allowed. */
  mayVerify(): boolean;
  /** Asks for the test whether one RSA modulus is prime; false where no more are allowed. */
  mayTestModulus(): boolean;
}

export interface DecodeContext {
  readonly now: Date;
  readonly password: string | null;
  readonly budget: Budget;
}

/** The upload as a whole goes past a limit. The message is for the caller. */
export class UploadRefusedError extends Error {
  override readonly name = 'UploadRefusedError';
  constructor(
    readonly reason: UploadRefusalReason,
    message: string,
  ) {
    super(message);
  }
}

/** A cluster of ours, with the fields that comparisons need. */
export interface KnownCluster {
  readonly name: string;
  /** `https://host:port`. */
  readonly server: string;
  /** DER certificates. */
  readonly servingAuthorities: readonly Uint8Array[];
  /** Null where the client CA is not known. */
  readonly clientAuthorities: readonly Uint8Array[] | null;
}

/** The lifetimes from which on a finding is made; seconds. */
export interface Thresholds {
  readonly expiresWithinSeconds: number;
  readonly maxValiditySeconds: number;
  readonly maxCaValiditySeconds: number;
}

/** The knowledge of an inspection besides the upload. */
export interface InspectionContext {
  readonly now: Date;
  readonly clusters: readonly KnownCluster[];
  readonly thresholds: Thresholds;
  /** Our records of these certificates (SHA-256, lower-case hex) that the caller may read. */
  readonly inventory: (fingerprints: readonly string[]) => Promise<ReadonlyMap<string, InventoryEntry>>;
}
