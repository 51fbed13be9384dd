import { type DerElement, DerError, type DerReader, inside, Tag } from '../../../x509/strict/der.js';
import type { Report } from '../../observations.js';
import { objectNames } from '../../../x509/openssl-text/object-names.js';
import { integerText } from '../../../x509/openssl-text/values.js';
import { decodeString } from '../directory-string.js';
import { dottedIdentifier } from '../values.js';
import { demand, fieldsOf, readAll, readSome, shown } from './extension-decoder.js';

/** RFC 5280 4.2.1.4. */
export const decodeCertificatePolicies = shown((element, report) =>
  readSome(fieldsOf(element, Tag.SEQUENCE, 'CertificatePolicies'), 'the list of policies', report, (reader) =>
    readPolicy(reader, report),
  ),
);

function readPolicy(reader: DerReader, report: Report): object {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy'));
  const policyIdentifier = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the identifier of a policy'));
  const qualifiers = fields.optional(Tag.SEQUENCE);
  fields.end('a policy');
  return {
    policyIdentifier,
    name: objectNames.short(policyIdentifier) ?? null,
    policyQualifiers: qualifiers
      ? readSome(inside(qualifiers), 'a list of qualifiers', report, (reader) => readQualifier(reader))
      : [],
  };
}

const cps = '1.3.6.1.5.5.7.2.1';
const userNotice = '1.3.6.1.5.5.7.2.2';

function readQualifier(reader: DerReader): object {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy qualifier'));
  const id = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the identifier of a policy qualifier'));
  const qualifier = fields.next();
  fields.end('a policy qualifier');
  if (id === cps) {
    const { content } = demand(qualifier, Tag.IA5_STRING, 'a CPS pointer');
    return { type: 'cPSuri', value: content.toString('latin1') };
  }
  if (id === userNotice) return { type: 'userNotice', ...readUserNotice(qualifier) };
  return { type: id, hex: qualifier.raw.toString('hex') };
}

function readUserNotice(element: DerElement): object {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'a user notice');
  const reference = fields.optional(Tag.SEQUENCE);
  const explicitText = fields.atEnd ? null : readDisplayText(fields.next());
  fields.end('a user notice');
  return { noticeRef: reference ? readNoticeReference(reference) : null, explicitText };
}

function readNoticeReference(element: DerElement): object {
  const fields = inside(element);
  const organization = readDisplayText(fields.next());
  const noticeNumbers = readAll(inside(fields.expect(Tag.SEQUENCE, 'notice numbers')), (reader) =>
    integerText(reader.expect(Tag.INTEGER, 'a notice number')),
  );
  fields.end('a notice reference');
  return { organization, noticeNumbers };
}

function readDisplayText({ tag, content, offset }: DerElement): string {
  const { text } = decodeString(tag, content);
  if (text === null) throw new DerError('a text of a policy is no proper string', offset);
  return text;
}
