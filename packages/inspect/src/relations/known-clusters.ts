import { DerError, displayDistinguishedName, readCertificate, sha256 } from '@kubepass/x509';
import { readCertificateTree } from '@kubepass/x509/tree';
import type { CertificateMaterial, KnownCluster } from '../model/decoded.js';
import { type Anchor, CertificateIndex, type CertificateNode } from './certificate-node.js';

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
