import { Tag } from '../../strict/der.js';
import { cutToBuffer } from '../object-names.js';
import { readObjectIdentifier } from '../values.js';
import { fieldsOf, inOneLine, readAll, type ExtensionPrinter } from './extension-printer.js';

/** SEQUENCE OF OBJECT IDENTIFIER: extended key usage (RFC 5280 4.2.1.12) and others of that form. */
export const printObjectIdentifierList: ExtensionPrinter = (value, place) => {
  const identifiers = readAll(fieldsOf(value, Tag.SEQUENCE, 'a list of identifiers'), (fields) =>
    readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'an identifier')),
  );
  if (identifiers.length === 0) return undefined;
  return inOneLine(
    identifiers.map((identifier) => cutToBuffer(place.names.long(identifier))),
    place,
  );
};
