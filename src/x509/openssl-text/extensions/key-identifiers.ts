import { contextConstructed, contextPrimitive, inside, Tag } from '../../strict/der.js';
import { upperHexPairs } from '../hex-block.js';
import { indentation } from '../octets.js';
import { readSignedMagnitude } from '../values.js';
import { elementOf, fieldsOf, inLines, readAll, type ExtensionPrinter } from './extension-printer.js';
import { generalNameValues, readGeneralName } from './general-name.js';

/** RFC 5280 4.2.1.2 */
export const printSubjectKeyIdentifier: ExtensionPrinter = (value, { indent }) =>
  indentation(indent) + upperHexPairs(elementOf(value, Tag.OCTET_STRING, 'a key identifier').content);

/** RFC 5280 4.2.1.1 */
export const printAuthorityKeyIdentifier: ExtensionPrinter = (value, place) => {
  const fields = fieldsOf(value, Tag.SEQUENCE, 'AuthorityKeyIdentifier');
  const keyIdentifier = fields.optional(contextPrimitive(0));
  const issuer = fields.optional(contextConstructed(1));
  const serialNumber = fields.optional(contextPrimitive(2));
  fields.end('AuthorityKeyIdentifier');
  const serial = serialNumber && upperHexPairs(readSignedMagnitude(serialNumber).octets);
  const issuers = issuer && generalNameValues(readAll(inside(issuer), readGeneralName), place.names);
  if (issuer && issuers === undefined) return undefined;

  const values: string[] = [];
  if (keyIdentifier) values.push((issuer || serialNumber ? 'keyid:' : '') + upperHexPairs(keyIdentifier.content));
  values.push(...(issuers ?? []));
  if (serial !== undefined) values.push(`serial:${serial}`);
  if (values.length === 0) return issuer ? inLines([], place) : undefined;
  return inLines(values, place);
};
