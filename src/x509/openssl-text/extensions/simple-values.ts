import { contextPrimitive, DerError, DerReader, Tag, type DerElement } from '../../strict/der.js';
import { generalizedTimeText, readGeneralizedTime } from '../time-text.js';
import { indentation, octetsUntilNul } from '../octets.js';
import { integerText, readObjectIdentifier } from '../values.js';
import { elementOf, fieldsOf, inOneLine, readAll, type ExtensionPrinter } from './extension-printer.js';

/** inhibitAnyPolicy, CRL numbers (RFC 5280 4.2.1.14, 5.2.3, 5.2.4) */
export const printInteger: ExtensionPrinter = (value, { indent }) =>
  indentation(indent) + integerText(elementOf(value, Tag.INTEGER, 'an INTEGER'));

const text =
  (tag: number): ExtensionPrinter =>
  (value, { indent }) => {
    const { content } = elementOf(value, tag, 'a string');
    return content.length === 0 ? undefined : indentation(indent) + octetsUntilNul(content);
  };

export const printIa5String = text(Tag.IA5_STRING);
export const printUtf8String = text(Tag.UTF8_STRING);

const nothing =
  (shown: (indent: number) => string): ExtensionPrinter =>
  (value, { indent }) => {
    const { content, offset } = elementOf(value, Tag.NULL, 'NULL');
    if (content.length > 0) throw new DerError('NULL is not empty', offset);
    return shown(indent);
  };

/** OCSP no check (RFC 6960 4.2.2.2.1): being there says it all. */
export const printNothing = nothing(() => '');
/** Poison of a precertificate (RFC 6962 3.1) and flags of attribute certificates. */
export const printNull = nothing((indent) => `${indentation(indent)}NULL`);

export const printGeneralizedTime: ExtensionPrinter = (value, { indent }) =>
  indentation(indent) + generalizedTimeText(readGeneralizedTime(new DerReader(value)).content);

export const printObjectIdentifier: ExtensionPrinter = (value, { indent, names }) =>
  indentation(indent) + names.long(readObjectIdentifier(elementOf(value, Tag.OBJECT_IDENTIFIER, 'an identifier')));

/** X.509 8.2.2.5 */
export const printPrivateKeyUsagePeriod: ExtensionPrinter = (value, { indent }) => {
  const fields = fieldsOf(value, Tag.SEQUENCE, 'PrivateKeyUsagePeriod');
  const time = (tag: number): DerElement | undefined =>
    fields.peekTag() === tag ? readGeneralizedTime(fields, tag) : undefined;
  const notBefore = time(contextPrimitive(0));
  const notAfter = time(contextPrimitive(1));
  fields.end('PrivateKeyUsagePeriod');
  const values: string[] = [];
  if (notBefore) values.push(`Not Before: ${generalizedTimeText(notBefore.content)}`);
  if (notAfter) values.push(`Not After: ${generalizedTimeText(notAfter.content)}`);
  return indentation(indent) + values.join(', ');
};

const tlsFeatures: Readonly<Record<string, string>> = { 5: 'status_request', 17: 'status_request_v2' };

/** RFC 7633 */
export const printTlsFeature: ExtensionPrinter = (value, place) => {
  const features = readAll(fieldsOf(value, Tag.SEQUENCE, 'Features'), (fields) => {
    const number = integerText(fields.expect(Tag.INTEGER, 'a feature'));
    return tlsFeatures[number] ?? number;
  });
  return features.length === 0 ? undefined : inOneLine(features, place);
};

const enumerated = 0x0a;
const crlReasons: Readonly<Record<string, string>> = {
  0: 'Unspecified',
  1: 'Key Compromise',
  2: 'CA Compromise',
  3: 'Affiliation Changed',
  4: 'Superseded',
  5: 'Cessation Of Operation',
  6: 'Certificate Hold',
  8: 'Remove From CRL',
  9: 'Privilege Withdrawn',
  10: 'AA Compromise',
};

/** RFC 5280 5.3.1 */
export const printCrlReason: ExtensionPrinter = (value, { indent }) => {
  const number = integerText(elementOf(value, enumerated, 'a reason'));
  return indentation(indent) + (crlReasons[number] ?? number);
};
