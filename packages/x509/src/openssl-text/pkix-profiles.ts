import { contextConstructed, inside, Tag, type DerElement } from '../strict/der.js';
import { readGeneralizedTime } from '../tree/time.js';
import { dottedIdentifier, fieldsOf } from '../tree/values.js';
import { brokenHex, indentation, octetsUntilNul, printableOctets } from './octets.js';
import { firstElement, type OctetPrinter } from './printing.js';
import { integerHex } from './signature-text.js';
import { timeText } from './time-text.js';

/** RFC 6960 4.4.1; OpenSSL takes the octets as they come, without looking for an OCTET STRING. */
export const printOcspNonce: OctetPrinter = (value, { indent }) =>
  indentation(indent) + (value.length === 0 ? '0' : brokenHex(value));

/** RFC 6960 4.4.2 */
export const printOcspCrlReference: OctetPrinter = (value, { indent }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'CrlID');
  const explicit = (tag: number, read: (element: DerElement) => string): string => {
    const element = fields.optional(contextConstructed(tag));
    return element ? read(element) : '';
  };
  const line = (label: string, text: string): string => `${indentation(indent)}${label}: ${text}\n`;
  const text =
    explicit(0, (url) => line('crlUrl', printableOctets(inside(url).expect(Tag.IA5_STRING, 'crlUrl').content))) +
    explicit(1, (number) => line('crlNum', integerHex(inside(number).expect(Tag.INTEGER, 'crlNum')))) +
    explicit(2, (time) =>
      line('crlTime', timeText(readGeneralizedTime(inside(time).expect(Tag.GENERALIZED_TIME, 'crlTime')))),
    );
  fields.end('CrlID');
  return text;
};

/** RFC 3820 3.8 */
export const printProxyCertificateInformation: OctetPrinter = (value, { indent, names }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'ProxyCertInfo');
  const pathLength = fields.optional(Tag.INTEGER);
  const policy = inside(fields.expect(Tag.SEQUENCE, 'a ProxyPolicy'));
  fields.end('ProxyCertInfo');
  const language = dottedIdentifier(policy.expect(Tag.OBJECT_IDENTIFIER, 'a policy language'));
  const text = policy.optional(Tag.OCTET_STRING);
  policy.end('a ProxyPolicy');
  const margin = indentation(indent);
  return (
    `${margin}Path Length Constraint: ${pathLength ? integerHex(pathLength) : 'infinite'}\n` +
    `${margin}Policy Language: ${names.long(language)}` +
    (text ? `\n${margin}Policy Text: ${octetsUntilNul(text.content)}` : '')
  );
};
