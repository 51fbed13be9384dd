import type { Certificate } from '../../model/certificate.js';
import type { CertificateBody } from './schemas.js';

/** RFC 7468 section 5. */
export function certificatePem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g);
  return ['-----BEGIN CERTIFICATE-----', ...(lines ?? []), '-----END CERTIFICATE-----', ''].join('\n');
}

export function certificateView(certificate: Certificate): CertificateBody {
  return {
    fingerprintSha256: certificate.fingerprintSha256,
    serialNumber: certificate.serialNumber,
    subject: certificate.subject,
    issuer: certificate.issuer,
    username: certificate.username,
    groups: [...certificate.groups],
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    publicKey: { ...certificate.publicKey },
    cluster: certificate.cluster,
    requestId: certificate.requestId,
    orphan: certificate.orphan,
    pem: certificatePem(certificate.der),
  };
}
