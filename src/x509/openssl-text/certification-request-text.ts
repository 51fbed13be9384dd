import { contextConstructed, DerError, DerReader, inside, onlyElement, Tag, type DerElement } from '../strict/der.js';
import { readAlgorithm } from './algorithm.js';
import { extensionListText, readExtensions, type Extension } from './extensions/extension-list.js';
import { nameText, readName } from './name-text.js';
import { objectNamesOfRequests as names } from './object-names.js';
import { decodeOctets, indentation, octets } from './octets.js';
import { publicKeyText } from './public-key-text.js';
import { signatureText } from './signature-text.js';
import { readObjectIdentifier } from './values.js';
import { requestVersionText } from './version-text.js';

/**
 * A certification request as `openssl req -noout -text` of OpenSSL 3.5 shows it. The differences are those of
 * `certificateText`.
 *
 * @throws DerError when the bytes are not one DER certification request (RFC 2986 4).
 */
export function certificationRequestText(der: Uint8Array): string {
  const outer = inside(onlyElement(Buffer.from(der.buffer, der.byteOffset, der.byteLength), 'a certification request'));
  const signed = inside(outer.expect(Tag.SEQUENCE, 'the signed part'));
  const signatureAlgorithm = readAlgorithm(outer);
  const signature = outer.expect(Tag.BIT_STRING, 'the signature');
  outer.end('a certification request');

  let text = 'Certificate Request:\n    Data:\n';
  text += requestVersionText(signed.expect(Tag.INTEGER, 'the version'));
  text += `        Subject: ${nameText(readName(signed), names)}\n`;
  text += publicKeyText(signed, names);
  const attributes = signed.optional(contextConstructed(0));
  signed.end('the signed part');
  text += attributesText(attributes && readAttributes(inside(attributes)));
  return decodeOctets(text + signatureText(signatureAlgorithm, signature, names));
}

interface Attribute {
  /** Dotted form. */
  readonly type: string;
  readonly values: readonly DerElement[];
}

function readAttributes(reader: DerReader): Attribute[] {
  const attributes: Attribute[] = [];
  while (!reader.atEnd) {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'an attribute'));
    const type = readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an attribute'));
    const set = inside(fields.expect(Tag.SET, 'the values of an attribute'));
    fields.end('an attribute');
    const values: DerElement[] = [];
    while (!set.atEnd) values.push(set.next());
    attributes.push({ type, values });
  }
  return attributes;
}

/** PKCS #9 extensionRequest (RFC 2985 5.4.2) and Microsoft's older one; the first that has extensions is shown. */
const extensionRequests = ['1.2.840.113549.1.9.14', '1.3.6.1.4.1.311.2.1.14'];

function attributesText(attributes: readonly Attribute[] | undefined): string {
  let text = '        Attributes:\n';
  if (attributes?.length === 0) text += '            (none)\n';
  for (const attribute of attributes ?? [])
    if (!extensionRequests.includes(attribute.type)) text += attributeText(attribute);
  const extensions = requestedExtensions(attributes ?? []);
  if (extensions) text += `            Requested Extensions:\n${extensionListText(extensions, names, 16)}`;
  return text;
}

/** Undefined when an attribute that should hold extensions holds something else. */
function requestedExtensions(attributes: readonly Attribute[]): Extension[] | undefined {
  for (const request of extensionRequests) {
    const attribute = attributes.find(({ type }) => type === request);
    if (attribute === undefined) continue;
    const [value] = attribute.values;
    if (value?.tag !== Tag.SEQUENCE) return undefined;
    try {
      const extensions = readExtensions(new DerReader(value.raw));
      if (extensions.length > 0) return extensions;
    } catch (error) {
      if (error instanceof DerError) return undefined;
      throw error;
    }
  }
  return [];
}

const numericString = 0x12;
const readableTags = new Set([
  Tag.PRINTABLE_STRING,
  Tag.T61_STRING,
  numericString,
  Tag.UTF8_STRING,
  Tag.IA5_STRING,
] as number[]);
const columnOfValues = 25;

function attributeText({ type, values }: Attribute): string {
  // RFC 2986 4.1: SET SIZE(1..MAX)
  if (values.length === 0) throw new DerError(`attribute ${type} has no value`, 0);
  const name = names.long(type);
  return values
    .map(({ tag, content }, i) => {
      // A value after the first has no name before it; OpenSSL counts what a long name took beyond its column twice.
      const label =
        i === 0 ? indentation(12) + name.padEnd(columnOfValues) : indentation(furtherIndent(name.length, i));
      return `${label}:${readableTags.has(tag) ? octets(content) : 'unable to print attribute'}\n`;
    })
    .join('');
}

function furtherIndent(nameLength: number, i: number): number {
  return nameLength > columnOfValues && i === 1 ? nameLength : columnOfValues;
}
