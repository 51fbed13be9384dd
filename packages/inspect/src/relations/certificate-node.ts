import type { CertificateMaterial, DecodedObject } from '../model/decoded.js';

/** A cluster of ours that trusts a CA, and what for. */
export interface Anchor {
  readonly cluster: string;
  readonly role: 'serving' | 'client';
}

/** A certificate that may have signed others: one of the upload, or a CA of a cluster of ours. */
export interface CertificateNode {
  /** Null for a CA of ours that the upload does not hold. */
  readonly object: DecodedObject | null;
  readonly material: CertificateMaterial;
  /** For people to read. */
  readonly subject: string;
  readonly fingerprintSha256: string;
  /** SHA-256 of its public key. */
  readonly spkiSha256: string;
  /** The clusters of ours that trust it. */
  readonly anchors: readonly Anchor[];
}

/** Octets as the key of a map. */
export const octetsKey = (octets: Buffer): string => octets.toString('latin1');

/** RFC 5280 3.2: issuer and subject are the same. A self-issued certificate need not be self-signed. */
export const isSelfIssued = ({ issuer, subject }: CertificateMaterial): boolean => issuer.equals(subject);

/** RFC 5280 4.2.1.9. Before version 3 only a self-issued certificate counts as a CA. */
export const isAuthority = (certificate: CertificateMaterial): boolean =>
  certificate.basicConstraints?.ca ?? (certificate.version < 3 && isSelfIssued(certificate));

/** The name of a certificate in a message. */
export const placeOf = ({ object, anchors }: CertificateNode): string =>
  object?.path ?? `the CA of cluster ${anchors[0]?.cluster ?? ''}`;

/** Certificates indexed by subject and by subject key identifier, to look up issuers. */
export class CertificateIndex {
  readonly #bySubject = new Map<string, CertificateNode[]>();
  readonly #byKeyIdentifier = new Map<string, CertificateNode[]>();

  constructor(nodes: readonly CertificateNode[]) {
    for (const node of nodes) {
      const { subject, subjectKeyIdentifier } = node.material;
      add(this.#bySubject, octetsKey(subject), node);
      if (subjectKeyIdentifier !== null) add(this.#byKeyIdentifier, octetsKey(subjectKeyIdentifier), node);
    }
  }

  /** Compares octet for octet. */
  bySubject(name: string): readonly CertificateNode[] {
    return this.#bySubject.get(name) ?? none;
  }

  byKeyIdentifier(keyIdentifier: string): readonly CertificateNode[] {
    return this.#byKeyIdentifier.get(keyIdentifier) ?? none;
  }
}

const none: readonly CertificateNode[] = [];

function add(map: Map<string, CertificateNode[]>, key: string, node: CertificateNode): void {
  const nodes = map.get(key);
  if (nodes === undefined) map.set(key, [node]);
  else nodes.push(node);
}
