import type { Certificate } from '../../model/certificate.js';
import { encodePem } from '../../x509/strict/pem.js';
import type { CertificateBody } from '../schemas/certificate.js';

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
    pem: encodePem('CERTIFICATE', certificate.der),
  };
}
