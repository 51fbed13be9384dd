import type { InspectedObject } from '../../model/inspection.js';
import { DerError } from '../../x509/strict/der.js';
import { certificateText } from '../../x509/openssl-text/certificate-text.js';
import { certificationRequestText } from '../../x509/openssl-text/certification-request-text.js';
import { visibleLines } from '../../formats/text/visible.js';

/**
 * A certificate or request as OpenSSL 3.5 prints it; null for anything else, and where OpenSSL would print nothing.
 * Unlike there, no character of it moves a cursor or hides: `\u{9b}`.
 */
export function opensslText(object: InspectedObject, ders: ReadonlyMap<string, Buffer>): string | null {
  const der = ders.get(object.path);
  if (der === undefined) return null;
  try {
    if (object.type === 'Certificate') return visibleLines(certificateText(der));
    if (object.type === 'CertificationRequest') return visibleLines(certificationRequestText(der));
    return null;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
