import {
  contextConstructed,
  contextPrimitive,
  DerError,
  inside,
  onlyElement,
  readOid,
  Tag,
} from '../../x509/strict/der.js';

/** The value of an extension of a certificate; null where it has none, or cannot be read that far. */
export function extensionOctets(certificate: Buffer, id: string): Buffer | null {
  try {
    const fields = inside(inside(onlyElement(certificate, 'the certificate')).expect(Tag.SEQUENCE, 'TBSCertificate'));
    fields.optional(contextConstructed(0));
    // Serial number, algorithm, issuer, validity, subject and key.
    for (let i = 0; i < 6; i++) fields.next();
    fields.optional(contextPrimitive(1));
    fields.optional(contextPrimitive(2));
    const list = inside(inside(fields.expect(contextConstructed(3), 'the extensions')).next());
    while (!list.atEnd) {
      const extension = inside(list.next());
      const found = readOid(extension.next()) === id;
      extension.optional(Tag.BOOLEAN);
      const value = extension.expect(Tag.OCTET_STRING, 'extnValue');
      if (found) return value.content;
    }
    return null;
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
