import { Tag } from '../../../x509/strict/der.js';
import { objectNames } from '../../../x509/openssl-text/object-names.js';
import { dottedIdentifier } from '../values.js';
import { type ExtensionDecoder, fieldsOf, readSome } from './extension-decoder.js';

/** RFC 5280 4.2.1.12: purposes by name, those without one in dotted form. */
export const decodeExtendedKeyUsage: ExtensionDecoder = (element, report) => {
  const extKeyUsage = readSome(
    fieldsOf(element, Tag.SEQUENCE, 'ExtKeyUsage'),
    'the list of purposes',
    report,
    (reader) => dottedIdentifier(reader.expect(Tag.OBJECT_IDENTIFIER, 'a key purpose')),
  );
  return { value: extKeyUsage.map((purpose) => objectNames.short(purpose) ?? purpose), facts: { extKeyUsage } };
};
