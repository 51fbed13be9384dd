import { DerError, DerReader, inside, Tag } from '../../x509/strict/der.js';
import { looksLikePkcs7 } from '../pkcs7/looks-like-pkcs7.js';

/** Whether it is built like a PFX (RFC 7292 4): SEQUENCE { INTEGER 3, a ContentInfo, … }. */
export function looksLikePkcs12(der: Buffer): boolean {
  if (der[0] !== Tag.SEQUENCE) return false;
  try {
    const reader = inside(new DerReader(der).next());
    const version = reader.next();
    if (version.tag !== Tag.INTEGER || version.content.length !== 1 || version.content[0] !== 3) return false;
    return looksLikePkcs7(reader.next().raw);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}
