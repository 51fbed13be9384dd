import { DerError, inside, Tag, type DerElement, type DerReader } from '../../strict/der.js';
import { indentation, octetsUntilNul } from '../octets.js';
import { integerText, readObjectIdentifier } from '../values.js';
import { fieldsOf, readAll, type ExtensionPrinter, type Place } from './extension-printer.js';

/** RFC 5280 4.2.1.4 */
export const printCertificatePolicies: ExtensionPrinter = (value, place) =>
  readAll(fieldsOf(value, Tag.SEQUENCE, 'CertificatePolicies'), (fields) => policyText(fields, place)).join('\n');

function policyText(reader: DerReader, place: Place): string {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy'));
  const identifier = readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the identifier of a policy'));
  const qualifiers = fields.optional(Tag.SEQUENCE);
  fields.end('a policy');
  const heading = `${indentation(place.indent)}Policy: ${place.names.long(identifier)}`;
  if (qualifiers === undefined) return heading;
  const inner = { ...place, indent: place.indent + 2 };
  return `${heading}\n${readAll(inside(qualifiers), (reader) => qualifierText(reader, inner)).join('\n')}`;
}

const cps = '1.3.6.1.5.5.7.2.1';
const userNotice = '1.3.6.1.5.5.7.2.2';

function qualifierText(reader: DerReader, place: Place): string {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy qualifier'));
  const type = readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of a policy qualifier'));
  const qualifier = fields.next();
  fields.end('a policy qualifier');
  const margin = indentation(place.indent);
  if (type === cps) {
    if (qualifier.tag !== Tag.IA5_STRING) throw new DerError('a CPS pointer is no IA5String', qualifier.offset);
    return `${margin}CPS: ${octetsUntilNul(qualifier.content)}`;
  }
  if (type === userNotice) return `${margin}User Notice:\n${userNoticeText(qualifier, place.indent + 2)}`;
  return `${margin}  Unknown Qualifier: ${place.names.long(type)}`;
}

function userNoticeText(element: DerElement, indent: number): string {
  if (element.tag !== Tag.SEQUENCE) throw new DerError('a user notice is no SEQUENCE', element.offset);
  const fields = inside(element);
  const reference = fields.optional(Tag.SEQUENCE);
  const explicitText = fields.atEnd ? undefined : readDisplayText(fields);
  fields.end('a user notice');
  return (
    (reference ? noticeReferenceText(reference, indent) : '') +
    (reference && explicitText !== undefined ? '\n' : '') +
    (explicitText === undefined ? '' : `${indentation(indent)}Explicit Text: ${explicitText}`)
  );
}

function noticeReferenceText(element: DerElement, indent: number): string {
  const fields = inside(element);
  const organization = readDisplayText(fields);
  const numbers = readAll(inside(fields.expect(Tag.SEQUENCE, 'notice numbers')), (reader) =>
    integerText(reader.expect(Tag.INTEGER, 'a notice number')),
  );
  fields.end('a notice reference');
  const margin = indentation(indent);
  return `${margin}Organization: ${organization}\n${margin}Number${numbers.length > 1 ? 's' : ''}: ${numbers.join(', ')}`;
}

const displayTextTags = new Set<number>([Tag.IA5_STRING, 0x1a, Tag.BMP_STRING, Tag.UTF8_STRING]);

/** DisplayText: IA5String, VisibleString, BMPString or UTF8String, whose octets are shown as they are. */
function readDisplayText(reader: DerReader): string {
  const { tag, content, offset } = reader.next();
  if (!displayTextTags.has(tag)) throw new DerError('a text of a policy is of another type', offset);
  return octetsUntilNul(content);
}
