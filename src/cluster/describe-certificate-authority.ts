import type { CertificateAuthorityBundle } from '../model/cluster.js';
import { readCertificate } from '../x509/strict/certificate-reader.js';
import { displayDistinguishedName } from '../x509/strict/distinguished-name.js';
import { decodePemBundle, encodePem } from '../x509/strict/pem.js';

/** Reads a CA bundle certificate by certificate; a blank one has none. Throws an `Error` that says what cannot be read. */
export function describeCertificateAuthority(pemBundle: string): CertificateAuthorityBundle {
  if (pemBundle.trim() === '') return { pem: '', certificates: [] };
  const bundle = decodePemBundle(pemBundle, 'CERTIFICATE');
  if (!bundle.ok) throw new Error(`the CA bundle cannot be read: ${bundle.refusal.message}`);
  return {
    // Without the explanatory text that a file may hold around its blocks.
    pem: bundle.ders.map((der) => encodePem('CERTIFICATE', der)).join(''),
    certificates: bundle.ders.map((der) => {
      const certificate = readCertificate(der);
      return {
        fingerprintSha256: certificate.fingerprintSha256,
        serialNumber: certificate.serialNumber,
        subject: displayDistinguishedName(certificate.subject),
        issuer: displayDistinguishedName(certificate.issuer),
        notBefore: certificate.notBefore,
        notAfter: certificate.notAfter,
        der,
      };
    }),
  };
}
