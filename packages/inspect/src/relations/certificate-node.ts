import { displayDistinguishedName, readCertificate, readInteger, sha256 } from '@kubepass/x509';
import { readCertificateTree } from '@kubepass/x509/tree';
import { readOrNull } from '../der/recognise.js';
import type { AuthorityKeyIdentifier, CertificateMaterial, DecodedObject, KnownCluster } from '../model/decoded.js';

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

/** Whether no part of an authority key identifier is there. */
export const namesNobody = ({ keyIdentifier, issuer, serialNumber }: AuthorityKeyIdentifier): boolean =>
  issuer === null && serialNumber === null && (keyIdentifier === null || keyIdentifier.length === 0);

/** RFC 5280 4.2.1.9. Before version 3 only a self-issued certificate counts as a CA. */
export const isAuthority = (certificate: CertificateMaterial): boolean =>
  certificate.basicConstraints?.ca ?? (certificate.version < 3 && isSelfIssued(certificate));

/** The name of a certificate in a message. */
export const placeOf = ({ object, anchors }: CertificateNode): string =>
  object?.path ?? `the CA of cluster ${anchors[0]?.cluster ?? ''}`;

/**
 * The printed form of a distinguished name, in which nothing hides, for a message: quoted and cut to a readable length.
 */
export function shortName(text: string): string {
  // Not between the halves of a character.
  return text.length <= 200 ? `"${text}"` : `"${text.slice(0, 200).replace(/[\ud800-\udbff]$/, '')}…"`;
}

/** Certificates by subject and by subject key identifier, octet for octet, to look up issuers. */
export interface CertificateIndex {
  readonly bySubject: ReadonlyMap<string, readonly CertificateNode[]>;
  readonly byKeyIdentifier: ReadonlyMap<string, readonly CertificateNode[]>;
}

export const indexOf = (nodes: readonly CertificateNode[]): CertificateIndex => ({
  bySubject: grouped(nodes, ({ material }) => octetsKey(material.subject)),
  byKeyIdentifier: grouped(
    nodes,
    ({ material: { subjectKeyIdentifier } }) => subjectKeyIdentifier && octetsKey(subjectKeyIdentifier),
  ),
});

/** Groups items by key, and leaves out items without one. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string | null): ReadonlyMap<string, readonly T[]> {
  // `Map.groupBy` is not in Node 20, on which the kubectl plugin inspects too.
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === null) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** The CAs of our clusters, without duplicates. */
export interface KnownAuthorities {
  readonly index: CertificateIndex;
  readonly byFingerprint: ReadonlyMap<string, CertificateNode>;
}

/** Makes a value when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Makes a value once for each object that it is asked for. `rest` is the same each time. */
export function onceFor<Key extends object, Rest extends readonly unknown[], Value>(
  make: (key: Key, ...rest: Rest) => Value,
): (key: Key, ...rest: Rest) => Value {
  const made = new WeakMap<Key, { readonly value: Value }>();
  return (key, ...rest) => {
    const known = made.get(key) ?? { value: make(key, ...rest) };
    made.set(key, known);
    return known.value;
  };
}

/** Reads the CAs of these clusters, and each list of clusters only once. Unreadable CAs are left out. */
export const knownAuthorities = onceFor((clusters: readonly KnownCluster[]): KnownAuthorities => {
  const byFingerprint = new Map<string, CertificateNode & { readonly anchors: Anchor[] }>();
  for (const { name, servingAuthorities, clientAuthorities } of clusters)
    for (const [role, authorities] of [
      ['serving', servingAuthorities],
      ['client', clientAuthorities ?? []],
    ] as const)
      for (const der of authorities) {
        const read = readAuthority(der);
        if (read === null) continue;
        const node = byFingerprint.get(read.fingerprintSha256) ?? { ...read, anchors: [] };
        byFingerprint.set(node.fingerprintSha256, node);
        node.anchors.push({ cluster: name, role });
      }
  return { index: indexOf([...byFingerprint.values()]), byFingerprint };
});

const readAuthority = (bytes: Uint8Array): Omit<CertificateNode, 'anchors'> | null =>
  readOrNull(() => {
    const { der, authorityKeyIdentifier, fingerprintSha256, subjectPublicKeyInfo, ...certificate } =
      readCertificate(bytes);
    const tree = readCertificateTree(der);
    const material: CertificateMaterial = {
      ...certificate,
      kind: 'certificate',
      tree,
      signed: { signedBytes: tree.toBeSigned, algorithm: tree.algorithm, signature: tree.signature.octets },
      issuer: tree.issuer.raw,
      subject: tree.subject.raw,
      serialNumber: readInteger(tree.serialNumber),
      authorityKeyIdentifier: authorityKeyIdentifier && {
        keyIdentifier: authorityKeyIdentifier,
        issuer: null,
        serialNumber: null,
      },
      subjectAltNames: null,
    };
    const subject = displayDistinguishedName(tree.subject);
    return { object: null, material, subject, fingerprintSha256, spkiSha256: sha256(subjectPublicKeyInfo) };
  });

/** The address of a server in one spelling, to compare URLs; null where it is no https URL. */
export function serverAddress(server: string): string | null {
  const url = urlOf(server);
  if (url?.protocol !== 'https:' || url.hostname === '') return null;
  // The URL class normalizes the host, and leaves out the default port.
  const host = url.hostname.replace(/\.$/, '');
  return `${host}:${url.port === '' ? '443' : url.port}${url.pathname.replace(/\/+$/, '')}`;
}

/** The host of a URL, without the brackets of IPv6 addresses; null where there is none. */
export function serverHost(server: string): string | null {
  const { hostname = '' } = urlOf(server) ?? {};
  return hostname === '' ? null : hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** Null for a text that is no URL. `URL.parse` is not in Node 20. */
const urlOf = (text: string): URL | null => (URL.canParse(text) ? new URL(text) : null);
