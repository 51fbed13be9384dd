import { contextConstructed, DerError, inside, Tag, type DerElement, type DerReader } from '../strict/der.js';
import { readGeneralName } from '../tree/general-name.js';
import { dottedIdentifier, fieldsOf, integerText, magnitudeOf, readAll, signedMagnitude } from '../tree/values.js';
import { generalNameText } from './general-name-text.js';
import type { ObjectNames } from './object-names.js';
import { indentation, octets, printableOctets } from './octets.js';
import { firstElement, type OctetPrinter } from './printing.js';

/** Strong extranet of Thawte. */
export const printStrongExtranet: OctetPrinter = (value, { indent }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'SXNET');
  const { negative, octets: magnitude } = signedMagnitude(fields.expect(Tag.INTEGER, 'a version'));
  const ids = readAll(inside(fields.expect(Tag.SEQUENCE, 'zones')), (reader) => {
    const id = inside(reader.expect(Tag.SEQUENCE, 'a zone'));
    const zone = integerText(id.expect(Tag.INTEGER, 'the number of a zone'));
    const user = printableOctets(id.expect(Tag.OCTET_STRING, 'the user of a zone').content);
    id.end('a zone');
    return `\n${indentation(indent)}Zone: ${zone}, User: ${user}`;
  });
  fields.end('SXNET');
  const version = (negative ? -1n : 1n) * magnitudeOf(magnitude);
  const supported = BigInt.asIntN(64, version) === version && version < (1n << 63n) - 1n;
  const versionText = supported
    ? `${version + 1n} (0x${BigInt.asUintN(64, version).toString(16).toUpperCase()})`
    : '<unsupported>';
  return `${indentation(indent)}Version: ${versionText}${ids.join('')}`;
};

/** The tools of a Russian qualified certificate's issuer. */
export const printIssuerSignTool: OctetPrinter = (value, { indent }) => {
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'IssuerSignTool');
  const lines = ['signTool    : ', 'cATool      : ', 'signToolCert: ', 'cAToolCert  : '].map(
    (label) => indentation(indent) + label + octets(fields.expect(Tag.UTF8_STRING, 'a tool').content),
  );
  fields.end('IssuerSignTool');
  return lines.join('\n');
};

/** Admissions of German professions (Common PKI 1.1 part 1, table 29c). */
export const printAdmissions: OctetPrinter = (value, { indent, names }) => {
  const margin = indentation(indent);
  const fields = fieldsOf(firstElement(value), Tag.SEQUENCE, 'AdmissionSyntax');
  const authority = fields.peekTag() === Tag.SEQUENCE ? undefined : generalNameText(readGeneralName(fields), names);
  const entries = readAll(inside(fields.expect(Tag.SEQUENCE, 'admissions')), (reader) =>
    admissionText(reader, indent, names),
  );
  fields.end('AdmissionSyntax');
  return (
    (authority === undefined ? '' : `${margin}admissionAuthority:\n${margin}  ${authority}\n`) +
    entries.map((entry, i) => `${margin}Entry ${i + 1}:\n${entry}`).join('')
  );
};

function admissionText(reader: DerReader, indent: number, names: ObjectNames): string {
  const margin = indentation(indent);
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an admission'));
  const authority = fields.optional(contextConstructed(0));
  const namingAuthority = fields.optional(contextConstructed(1));
  const professions = readAll(inside(fields.expect(Tag.SEQUENCE, 'professions')), (reader) =>
    professionText(reader, indent + 4, names),
  );
  fields.end('an admission');
  return (
    (authority
      ? `${margin}  admissionAuthority:\n${margin}    ${generalNameText(readGeneralName(inside(authority)), names)}\n`
      : '') +
    (namingAuthority ? namingAuthorityText(namingAuthority, indent + 2, names) : '') +
    professions.map((profession, i) => `${margin}  Profession Info Entry ${i + 1}:\n${profession}`).join('')
  );
}

function professionText(reader: DerReader, indent: number, names: ObjectNames): string {
  const margin = indentation(indent);
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a profession'));
  const namingAuthority = fields.optional(contextConstructed(0));
  const items = readAll(inside(fields.expect(Tag.SEQUENCE, 'profession items')), (reader) => reader.next());
  const identifiers = fields.optional(Tag.SEQUENCE);
  const registration = fields.optional(Tag.PRINTABLE_STRING);
  fields.optional(Tag.OCTET_STRING);
  fields.end('a profession');
  const line = (text: string): string => `${margin}${text}\n`;
  return (
    (registration ? line(`registrationNumber: ${printableOctets(registration.content)}`) : '') +
    (namingAuthority ? namingAuthorityText(namingAuthority, indent, names) : '') +
    line('Info Entries:') +
    items.map(({ content }) => line(`  ${printableOctets(content)}`)).join('') +
    (identifiers
      ? line('Profession OIDs:') +
        readAll(inside(identifiers), (reader) =>
          line(`  ${withLongName(reader.expect(Tag.OBJECT_IDENTIFIER, 'a profession OID'), names)}`),
        ).join('')
      : '')
  );
}

function namingAuthorityText(explicit: DerElement, indent: number, names: ObjectNames): string {
  const fields = inside(inside(explicit).expect(Tag.SEQUENCE, 'a naming authority'));
  const id = fields.optional(Tag.OBJECT_IDENTIFIER);
  const url = fields.optional(Tag.IA5_STRING);
  const text = fields.atEnd ? undefined : fields.next();
  fields.end('a naming authority');
  if (!id && !url && !text) throw new DerError('a naming authority is empty', explicit.offset);
  const line = (text: string): string => `${indentation(indent)}${text}\n`;
  return (
    line('namingAuthority:') +
    (id ? line(`  namingAuthorityId: ${withLongName(id, names)}`) : '') +
    (text ? line(`  namingAuthorityText: ${printableOctets(text.content)}`) : '') +
    (url ? line(`  namingAuthorityUrl: ${printableOctets(url.content)}`) : '')
  );
}

/** An identifier without a name is called `undefined` here. */
function withLongName(element: DerElement, names: ObjectNames): string {
  const dotted = dottedIdentifier(element);
  const name = names.long(dotted);
  return `${name === dotted ? 'undefined' : name} (${dotted})`;
}
