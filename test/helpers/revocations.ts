import type { RevokedCertificate } from '../../src/model/revocation.js';

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
