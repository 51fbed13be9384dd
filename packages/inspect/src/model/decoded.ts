import type { BasicConstraints, KeyUsage } from '@kubepass/x509';
import type { AlgorithmIdentifier, CertificateTree, CertificationRequestTree } from '@kubepass/x509/tree';
import type { FindingCode } from './catalogue.js';
import type { InventoryEntry, ObjectContent } from './inspection.js';

/** Bytes that were found in an upload and are not decoded yet. */
export interface Piece {
  /** `pki/ca.crt`, `users[0].user.client-certificate-data`, `store.p12#certificates[0]`. */
  readonly path: string;
  readonly bytes: Buffer;
  /** The label of the PEM block around them; null where there was none. A claim, not a fact. */
  readonly label: string | null;
  /** The headers of that PEM block (RFC 1421 4.6: `Proc-Type`, `DEK-Info`); empty where it has none. */
  readonly headers: Readonly<Record<string, string>>;
  /** What its container says of it already. */
  readonly told?: readonly FindingCode[];
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

export interface CertificateMaterial extends ExtensionFacts {
  readonly kind: 'certificate';
  readonly tree: CertificateTree;
  readonly signed: Signed;
  /** DER Names. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** Content octets of the INTEGER. */
  readonly serialNumber: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly version: number;
}

/** The typed values of extensions that comparisons need; each null where the extension is absent or malformed. */
export interface ExtensionFacts {
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

interface RequestMaterial {
  readonly kind: 'request';
  readonly tree: CertificationRequestTree;
}

interface ListMaterial {
  readonly kind: 'list';
  readonly signed: Signed;
  readonly issuer: Buffer;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null;
  readonly nextUpdate: Date | null;
  /** Content octets of the INTEGERs, hex. */
  readonly revokedSerialNumbers: ReadonlySet<string>;
}

/** The public half, of private keys too. */
interface KeyMaterial {
  readonly kind: 'publicKey' | 'privateKey';
  readonly subjectPublicKeyInfo: Buffer;
  /** The octets of two numbers; no label and no identifier says that they are a key. */
  readonly unnamed?: number | undefined;
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
  /** Whether a certificate expires soon before the last third of its life, too. */
  readonly inWholeLife?: boolean;
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
  /** A server about which somebody wants a verdict. */
  readonly server?: AskedServer;
  /** Whether no service is known that would take a request. */
  readonly offline?: boolean;
}

/** A server to which a client connects. */
export interface AskedServer {
  /** Its name or address; null where any will do. */
  readonly host: string | null;
  /** The certificates that the client trusts, and their file; null where the client trusts any. */
  readonly authorities: { readonly file: string; readonly objects: ReadonlySet<DecodedObject> } | null;
}

/** Reports one observation. */
export type Report = (code: FindingCode, message: string) => void;

/** Further observations of a code say nothing new, and an upload could cause any number of them. */
const MAX_OF_A_CODE = 10;

/** Collects the observations about one object, up to a limit. */
export class Observations {
  readonly #list: Observation[] = [];
  readonly #counts = new Map<FindingCode, number>();

  readonly report: Report = (code, message) => {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= MAX_OF_A_CODE) this.#list.push({ code, message });
  };

  addAll(observations: readonly Observation[], prefix = ''): void {
    for (const { code, message } of observations) this.report(code, prefix + message);
  }

  /** All of them. Past the limit, the last one of a code says how many more there were. */
  toArray(): readonly Observation[] {
    const last = new Map(this.#list.map(({ code }, i) => [code, i]));
    return this.#list.map((observation, i) => {
      const { code, message } = observation;
      const left = (this.#counts.get(code) ?? 0) - MAX_OF_A_CODE;
      return left > 0 && last.get(code) === i ? { code, message: `${message}; and ${left} more like it` } : observation;
    });
  }
}
