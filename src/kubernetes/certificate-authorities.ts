import { createPublicKey, type KeyObject } from 'node:crypto';
import type { BundledCertificate, CertificateAuthorityBundle } from '../model/cluster.js';
import { readLoadableCertificate } from '@kubepass/inspect/loadable';
import { decodePemBundle, displayDistinguishedName, encodeCertificates, type ParsedCertificate } from '@kubepass/x509';
import type { ClusterConnection } from './cluster-connection.js';

/** A CA that a cluster accepts user certificates from. */
export interface TrustedAuthority {
  /** DER of its subject, which is the issuer in the certificates that it signs. */
  readonly subjectRaw: Buffer;
  readonly publicKey: KeyObject;
  /** SHA-256 of its certificate, lower-case hex. */
  readonly fingerprintSha256: string;
}

/** The CAs that a cluster accepts user certificates from. */
export interface ClientTrust {
  /** The bundle as it was found. */
  readonly pem: string;
  readonly authorities: readonly TrustedAuthority[];
}

/** Reads a cluster's client CA bundle. Throws an `Error` that says what cannot be read. */
export function readClientTrust(pemBundle: string): ClientTrust {
  const authorities = readClientBundle(pemBundle).map((certificate) => ({
    subjectRaw: certificate.subject.raw,
    publicKey: createPublicKey({ key: certificate.subjectPublicKeyInfo, format: 'der', type: 'spki' }),
    fingerprintSha256: certificate.fingerprintSha256,
  }));
  return { pem: pemBundle, authorities };
}

/** The certificates of that bundle. Throws as `readClientTrust`. */
export const readClientBundle = (pemBundle: string): readonly ParsedCertificate[] =>
  readBundle(pemBundle, 'the client CA');

const believedMilliseconds = 5 * 60 * 1000;

/**
 * Answers the client CAs that the cluster itself names, asked again every five minutes. While the cluster is out of
 * reach its last answer holds. Null where nothing is known: chains are then not checked, and the outcome says so.
 */
export function trustOfCluster(connection: ClusterConnection, clock: () => Date): () => Promise<ClientTrust | null> {
  let known: { readonly trust: ClientTrust; readonly readAt: number } | null = null;
  return async () => {
    const now = clock().getTime();
    if (known && now - known.readAt < believedMilliseconds && now >= known.readAt) return known.trust;
    try {
      const pem = await connection.clientCertificateAuthority();
      known = pem === null ? null : { trust: readClientTrust(pem), readAt: now };
    } catch {
      // The cluster cannot be asked now, so its last answer still holds.
    }
    return known?.trust ?? null;
  };
}

/** Describes each certificate of a CA bundle; a blank one has none. Throws an `Error` that says what is wrong. */
export function describeCertificateAuthority(pemBundle: string): CertificateAuthorityBundle {
  if (pemBundle.trim() === '') return { pem: '', certificates: [] };
  const certificates = readBundle(pemBundle, 'the CA bundle');
  return {
    // Without the explanatory text that a file may hold around its blocks.
    pem: encodeCertificates(certificates),
    certificates: certificates.map(describeCaCertificate),
  };
}

export const describeCaCertificate = (certificate: ParsedCertificate): BundledCertificate => ({
  fingerprintSha256: certificate.fingerprintSha256,
  serialNumber: certificate.serialNumber,
  subject: displayDistinguishedName(certificate.subject),
  issuer: displayDistinguishedName(certificate.issuer),
  notBefore: certificate.notBefore,
  notAfter: certificate.notAfter,
  der: certificate.der,
});

function readBundle(pemBundle: string, what: string): readonly ParsedCertificate[] {
  const bundle = decodePemBundle(pemBundle, 'CERTIFICATE');
  if (!bundle.ok) throw new Error(`${what} cannot be read: ${bundle.refusal.message}`);
  return bundle.ders.map(readLoadableCertificate);
}
