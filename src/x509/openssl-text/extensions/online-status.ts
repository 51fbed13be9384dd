import { contextConstructed, inside, Tag, type DerElement } from '../../strict/der.js';
import { nestedNameText, readName } from '../name-text.js';
import { indentation, printableOctets } from '../octets.js';
import { generalizedTimeText, readGeneralizedTime } from '../time-text.js';
import { brokenHex, integerHex } from '../values.js';
import { fieldsOf, readAll, type ExtensionPrinter } from './extension-printer.js';
import { generalNameText } from './general-name.js';
import { readAccessDescription } from './information-access.js';

/** RFC 6960 4.4.1; OpenSSL takes the octets as they come, without looking for an OCTET STRING. */
export const printOcspNonce: ExtensionPrinter = (value, { indent }) =>
  indentation(indent) + (value.length === 0 ? '0' : brokenHex(value));

/** RFC 6960 4.4.2 */
export const printOcspCrlReference: ExtensionPrinter = (value, { indent }) => {
  const fields = fieldsOf(value, Tag.SEQUENCE, 'CrlID');
  const explicit = (tag: number, read: (element: DerElement) => string): string => {
    const element = fields.optional(contextConstructed(tag));
    return element ? read(element) : '';
  };
  const line = (label: string, text: string): string => `${indentation(indent)}${label}: ${text}\n`;
  const text =
    explicit(0, (url) => line('crlUrl', printableOctets(inside(url).expect(Tag.IA5_STRING, 'crlUrl').content))) +
    explicit(1, (number) => line('crlNum', integerHex(inside(number).expect(Tag.INTEGER, 'crlNum')))) +
    explicit(2, (time) => line('crlTime', generalizedTimeText(readGeneralizedTime(inside(time)).content)));
  fields.end('CrlID');
  return text;
};

/** RFC 6960 4.4.6 */
export const printOcspServiceLocator: ExtensionPrinter = (value, { indent, names }) => {
  const fields = fieldsOf(value, Tag.SEQUENCE, 'ServiceLocator');
  const issuer = readName(fields);
  const locator = fields.optional(Tag.SEQUENCE);
  fields.end('ServiceLocator');
  if (issuer.length === 0) return undefined;
  const locations = locator ? readAll(inside(locator), readAccessDescription) : [];
  return (
    `${indentation(indent)}Issuer: ${nestedNameText(issuer, names)}` +
    locations
      .map(
        ({ method, location }) =>
          `\n${indentation(2 * indent)}${names.long(method)} - ${generalNameText(location, names)}`,
      )
      .join('')
  );
};
