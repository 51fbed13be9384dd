import { contextConstructed, DerError, DerReader, inside, readOid, Tag } from '../../x509/strict/der.js';
import { contentTypes } from './content-info.js';

/** Whether it is built like a ContentInfo: SEQUENCE { a content type, [0] content }. */
export function looksLikePkcs7(der: Buffer): boolean {
  if (der[0] !== Tag.SEQUENCE) return false;
  try {
    const reader = inside(new DerReader(der).next());
    if (reader.peekTag() !== Tag.OBJECT_IDENTIFIER || contentTypes[readOid(reader.next())] === undefined) return false;
    return reader.atEnd || reader.peekTag() === contextConstructed(0);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}
