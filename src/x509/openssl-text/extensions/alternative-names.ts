import { Tag } from '../../strict/der.js';
import { fieldsOf, inOneLine, readAll, type ExtensionPrinter } from './extension-printer.js';
import { generalNameValues, readGeneralName } from './general-name.js';

/** Subject, issuer and CRL entry names (RFC 5280 4.2.1.6, 4.2.1.7, 5.3.3). */
export const printGeneralNames: ExtensionPrinter = (value, place) => {
  const list = readAll(fieldsOf(value, Tag.SEQUENCE, 'GeneralNames'), readGeneralName);
  const values = generalNameValues(list, place.names);
  return values && inOneLine(values, place);
};
