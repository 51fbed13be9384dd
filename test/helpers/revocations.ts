import type { RevokedCertificate } from '../../src/model/certificate.js';
import type { Store } from '../../src/store/store.js';
import { insertRevocation } from '../../src/store/tables/revocation-table.js';

/** A revocation of a certificate that ends in a year. */
export function aRevocation(overrides: Partial<RevokedCertificate> = {}): RevokedCertificate {
  return {
    fingerprintSha256: 'a'.repeat(64),
    cluster: 'demo',
    serialNumber: '5f3a019ab3c4d5e6',
    issuer: 'CN=kubernetes',
    issuerFingerprintSha256: null,
    username: 'jane',
    notAfter: new Date(Date.now() + 365 * 86_400_000),
    reason: 'keyCompromise',
    comment: null,
    revokedAt: new Date(),
    revokedBy: 'admin',
    ...overrides,
  };
}

/** Revokes an issued certificate, as a caller's revocation does. */
export async function revokeCertificate(store: Store, fingerprintSha256: string): Promise<void> {
  const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
  if (certificate === null) throw new Error(`there is no certificate ${fingerprintSha256}`);
  const { cluster, serialNumber, issuer, username, notAfter } = certificate;
  const revoked = aRevocation({ fingerprintSha256, cluster, serialNumber, issuer, username, notAfter });
  await store.writer.commit({ operations: [insertRevocation(revoked)], events: [] });
}
