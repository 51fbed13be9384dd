import { contextPrimitive, DerError, type DerElement, type DerReader, inside, Tag } from '../../../x509/strict/der.js';
import { integerText } from '../../../x509/openssl-text/values.js';
import { ENUMERATED } from '../../ber/tags.js';
import { decodeString } from '../directory-string.js';
import { attributeLabel } from '../describe-name.js';
import { readGeneralizedTime } from '../read-time.js';
import { count, dottedIdentifier, smallInteger } from '../values.js';
import { demand, fieldsOf, readAll, readSome, shown } from './extension-decoder.js';

/** CRL numbers (RFC 5280 5.2.3, 5.2.4): of up to 20 octets, so as text; in decimal unless very large. */
export const decodeNumber = shown((element) => integerText(demand(element, Tag.INTEGER, 'a number')));

/** Being there says it all: OCSP no check (RFC 6960 4.2.2.2.1), the poison of a precertificate (RFC 6962 3.1). */
export const decodeFlag = shown((element, report) => {
  if (demand(element, Tag.NULL, 'NULL').content.length > 0) report('MalformedExtension', 'NULL is not empty');
  return true;
});

/** The texts of Netscape's extensions. */
export const decodeIa5String = shown((element, report) => {
  const { text, proper } = decodeString(Tag.IA5_STRING, demand(element, Tag.IA5_STRING, 'an IA5String').content);
  if (!proper) report('MalformedString', 'an IA5String has octets of more than seven bits');
  return text ?? element.content.toString('latin1');
});

/** RFC 7633: names of RFC 6066 and RFC 6961, numbers for others. */
export const decodeTlsFeature = shown((element, report) =>
  readSome(fieldsOf(element, Tag.SEQUENCE, 'Features'), 'the list of features', report, (reader) => {
    const feature = smallInteger(reader.expect(Tag.INTEGER, 'a feature'));
    return feature === 5 ? 'status_request' : feature === 17 ? 'status_request_v2' : feature;
  }),
);

/** X.509 9.2.2.5. */
export const decodePrivateKeyUsagePeriod = shown((element, report) => {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'PrivateKeyUsagePeriod');
  const notBefore = fields.optional(contextPrimitive(0));
  const notAfter = fields.optional(contextPrimitive(1));
  fields.end('PrivateKeyUsagePeriod');
  if (!notBefore && !notAfter) report('MalformedExtension', 'the period has neither beginning nor end');
  return { notBefore: notBefore ? timeOf(notBefore) : null, notAfter: notAfter ? timeOf(notAfter) : null };
});

function timeOf(element: DerElement): string {
  const time = readGeneralizedTime(element);
  if (time === null) throw new DerError('a time cannot be read', element.offset);
  return time.text;
}

/** RFC 5280 5.3.2. */
export const decodeInvalidityDate = shown((element) =>
  timeOf(demand(element, Tag.GENERALIZED_TIME, 'an invalidity date')),
);

/** RFC 5280 4.2.1.8: attributes by type; strings as text, other values in hex. */
export const decodeSubjectDirectoryAttributes = shown((element, report) =>
  readSome(fieldsOf(element, Tag.SEQUENCE, 'SubjectDirectoryAttributes'), 'the list of attributes', report, (reader) =>
    readAttribute(reader),
  ),
);

function readAttribute(reader: DerReader): object {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an attribute'));
  const oid = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an attribute'));
  const values = readAll(inside(fields.expect(Tag.SET, 'the values of an attribute')), (set) => {
    const { tag, content, raw } = set.next();
    const { text } = decodeString(tag, content);
    return { value: text, hex: text === null ? raw.toString('hex') : null };
  });
  fields.end('an attribute');
  return { type: attributeLabel(oid), oid, values };
}

const crlReasons: Readonly<Record<number, string>> = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
};

/** RFC 5280 5.3.1; a number that stands for nothing, as text. */
export const decodeCrlReason = shown((element, report) => {
  const number = count(demand(element, ENUMERATED, 'a reason'));
  const reason = crlReasons[number];
  if (reason === undefined) report('MalformedExtension', `${number} stands for no reason`);
  return reason ?? String(number);
});
