import type { CertificateRequest } from '../../model/certificate-request.js';
import type { ParsedCertificate } from '../../x509/strict/certificate-reader.js';
import { sha256 } from '../../x509/strict/sha256.js';
import type { Store } from '../../store/store.js';

/** What tells whose a CertificateSigningRequest object is. Labels and names anybody can give. */
export interface CsrEvidence {
  readonly uid: string;
  readonly name: string;
  /** Who created the object. */
  readonly username: string;
  /** Of the key in `spec.request`; null where there is none to be found. */
  readonly spkiSha256: string | null;
  readonly certificate: ParsedCertificate | null;
}

/** The request of ours that an object belongs to. */
export interface OwnCsr {
  readonly requestId: string;
  /** Whether its certificate is in the inventory, and nothing more is to come of it. */
  readonly inventoried: boolean;
}

/**
 * Which of these objects of one cluster are ours, by their uid. An object is ours where its
 * certificate is in the inventory, or where it is what an attempt of ours created: by its name, with its key, and
 * created by `ownUsername`. One that holds a certificate which no attempt still waits for is somebody else's, whoever's
 * key it is for: what comes of an attempt goes into the inventory in the commit that ends it.
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
  for (const { uid, name, username, spkiSha256, certificate } of csrs) {
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
