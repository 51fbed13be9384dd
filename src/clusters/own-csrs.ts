import type { CertificateRequest } from '../model/certificate-request.js';
import type { CsrObject } from '../kubernetes/csr-object.js';
import { decodePemBundle, DerError, type ParsedCertificate, readCertificate, sha256 } from '@kubepass/x509';
import type { Store } from '../store/store.js';

/** The evidence of who made a CertificateSigningRequest object. Labels prove nothing, because anybody can set them. */
interface CsrEvidence {
  readonly csr: CsrObject;
  /** SHA-256 of the public key in `spec.request`; null where it holds none. */
  readonly spkiSha256: string | null;
  readonly certificate: ParsedCertificate | null;
}

/** The request of ours that an object belongs to. */
interface OwnCsr {
  readonly requestId: string;
  /** Whether its certificate is in the inventory already. */
  readonly inventoried: boolean;
}

/**
 * Finds which of these objects of one cluster are ours, by their uid. An object is ours where its certificate is in
 * the inventory, or where an attempt of ours created it: the name, the key and the creator (`ownUsername`) must fit.
 * An object with a certificate that no attempt waits for is somebody else's even where the key is ours, because the
 * commit that ends an attempt puts its certificate into the inventory.
 */
export async function findOwnCsrs(
  store: Pick<Store, 'requests' | 'certificates'>,
  cluster: string,
  ownUsername: string,
  csrs: readonly CsrEvidence[],
): Promise<ReadonlyMap<string, OwnCsr>> {
  // Attempts first: one that ends meanwhile is then found in the inventory.
  const keys = csrs.flatMap(({ spkiSha256 }) => spkiSha256 ?? []);
  const attempted = new Map<string, CertificateRequest>();
  for (const request of await store.requests.attemptedFor(cluster, keys)) {
    const objectName = request.attempt?.intent.objectName;
    if (objectName !== undefined) attempted.set(objectName, request);
  }
  const fingerprints = csrs.flatMap(({ certificate }) => certificate?.fingerprintSha256 ?? []);
  const issued = new Map(
    (await store.certificates.findByFingerprints(fingerprints)).map((found) => [found.fingerprintSha256, found]),
  );

  const own = new Map<string, OwnCsr>();
  for (const { csr, spkiSha256, certificate } of csrs) {
    const { uid, name, username } = csr;
    const inventoried = certificate && issued.get(certificate.fingerprintSha256);
    if (inventoried) {
      own.set(uid, { requestId: inventoried.requestId, inventoried: true });
      continue;
    }
    const request = attempted.get(name);
    const isAttempts = request !== undefined && username === ownUsername && request.attempt?.spkiSha256 === spkiSha256;
    if (isAttempts && (certificate === null || request.state === 'issuing'))
      own.set(uid, { requestId: request.id, inventoried: false });
  }
  return own;
}

export const certifiedSpkiSha256 = (certificate: ParsedCertificate): string => sha256(certificate.subjectPublicKeyInfo);

/** The certificate that a cluster put into `status.certificate`; null where there is none or it cannot be read. */
export function certificateInCsr({ certificate }: CsrObject): ParsedCertificate | null {
  if (certificate === null) return null;
  const bundle = decodePemBundle(certificate, 'CERTIFICATE');
  // RFC 8446 4.4.2 has the leaf first, and so does Kubernetes.
  const leaf = bundle.ok ? bundle.ders[0] : undefined;
  if (leaf === undefined) return null;
  try {
    return readCertificate(leaf);
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
