import type { CsrObject } from '../../cluster/csr-object.js';
import { readCertificate, type ParsedCertificate } from '../../x509/strict/certificate-reader.js';
import { DerError } from '../../x509/strict/der.js';
import { decodePemBundle } from '../../x509/strict/pem.js';

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
