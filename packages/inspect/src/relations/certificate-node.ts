import { DerError, displayDistinguishedName, readCertificate, sha256 } from '@kubepass/x509';
import { readCertificateTree } from '@kubepass/x509/tree';
import type { CertificateMaterial, DecodedObject, KnownCluster } from '../model/decoded.js';

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

/** The CAs of our clusters, without duplicates. */
export interface KnownAuthorities {
  readonly index: CertificateIndex;
  readonly byFingerprint: ReadonlyMap<string, CertificateNode>;
}

const cache = new WeakMap<readonly KnownCluster[], KnownAuthorities>();

/** Reads the CAs of these clusters, and each list of clusters only once. Unreadable CAs are left out. */
export function knownAuthorities(clusters: readonly KnownCluster[]): KnownAuthorities {
  const known = cache.get(clusters) ?? readAuthorities(clusters);
  cache.set(clusters, known);
  return known;
}

function readAuthorities(clusters: readonly KnownCluster[]): KnownAuthorities {
  const byFingerprint = new Map<string, CertificateNode & { readonly anchors: Anchor[] }>();
  for (const { name, servingAuthorities, clientAuthorities } of clusters)
    for (const [role, authorities] of [
      ['serving', servingAuthorities],
      ['client', clientAuthorities ?? []],
    ] as const)
      for (const der of authorities) {
        const read = readAuthority(der);
        if (read === null) continue;
        const node = byFingerprint.get(read.fingerprintSha256) ?? read;
        byFingerprint.set(node.fingerprintSha256, node);
        node.anchors.push({ cluster: name, role });
      }
  return { index: new CertificateIndex([...byFingerprint.values()]), byFingerprint };
}

function readAuthority(bytes: Uint8Array): (CertificateNode & { readonly anchors: Anchor[] }) | null {
  try {
    const certificate = readCertificate(bytes);
    const keyIdentifier = certificate.authorityKeyIdentifier;
    const tree = readCertificateTree(certificate.der);
    const material: CertificateMaterial = {
      kind: 'certificate',
      tree,
      der: certificate.der,
      signed: { signedBytes: tree.toBeSigned, algorithm: tree.algorithm, signature: tree.signature.octets },
      issuer: certificate.issuer.raw,
      subject: certificate.subject.raw,
      serialNumber: contentOctets(certificate.serialNumber),
      subjectPublicKeyInfo: certificate.subjectPublicKeyInfo,
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      version: certificate.version,
      subjectKeyIdentifier: certificate.subjectKeyIdentifier,
      authorityKeyIdentifier: keyIdentifier && { keyIdentifier, issuer: null, serialNumber: null },
      basicConstraints: certificate.basicConstraints,
      keyUsage: certificate.keyUsage,
      extKeyUsage: certificate.extKeyUsage,
      subjectAltNames: null,
    };
    return {
      object: null,
      material,
      subject: displayDistinguishedName(certificate.subject),
      fingerprintSha256: certificate.fingerprintSha256,
      spkiSha256: sha256(certificate.subjectPublicKeyInfo),
      anchors: [],
    };
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}

/** The content octets of a serial number in hex. A negative one is wrong here, and matches by key identifier only. */
function contentOctets(serialNumber: string): Buffer {
  const magnitude = Buffer.from(serialNumber.replace(/^-/, ''), 'hex');
  return (magnitude[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude;
}

/** The address of a server in one spelling, to compare URLs; null where it is no https URL. */
export function serverAddress(server: string): string | null {
  let url: URL;
  try {
    url = new URL(server);
  } catch {
    return null;
  }
  if (url.protocol !== 'https:' || url.hostname === '') return null;
  // The URL class normalizes the host, and leaves out the default port.
  const host = url.hostname.replace(/\.$/, '');
  return `${host}:${url.port === '' ? '443' : url.port}${url.pathname.replace(/\/+$/, '')}`;
}

/** The host of a URL, without the brackets of IPv6 addresses; null where there is none. */
export function serverHost(server: string): string | null {
  try {
    const { hostname } = new URL(server);
    return hostname === '' ? null : hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  } catch {
    return null;
  }
}
