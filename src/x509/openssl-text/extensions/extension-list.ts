import { DerError, inside, Tag, type DerReader } from '../../strict/der.js';
import type { ObjectNames } from '../object-names.js';
import { indentation, printableOctets } from '../octets.js';
import { readObjectIdentifier, readTruth } from '../values.js';
import { extensionPrinters } from './extension-printers.js';

export interface Extension {
  /** Dotted form. */
  readonly id: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

/** Extensions ::= SEQUENCE OF Extension (RFC 5280 4.1). */
export function readExtensions(reader: DerReader): Extension[] {
  const list = inside(reader.expect(Tag.SEQUENCE, 'the list of extensions'));
  const extensions: Extension[] = [];
  while (!list.atEnd) {
    const fields = inside(list.expect(Tag.SEQUENCE, 'an extension'));
    const id = readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the identifier of an extension'));
    const critical = fields.optional(Tag.BOOLEAN);
    const value = fields.expect(Tag.OCTET_STRING, 'the value of an extension').content;
    fields.end('an extension');
    extensions.push({ id, critical: critical !== undefined && readTruth(critical), value });
  }
  return extensions;
}

/** Each extension's name and, below it, its value. */
export function extensionListText(extensions: readonly Extension[], names: ObjectNames, indent: number): string {
  return extensions
    .map(({ id, critical, value }) => {
      const heading = `${indentation(indent)}${names.long(id)}: ${critical ? 'critical' : ''}`;
      return `${heading}\n${valueText(id, value, names, indent + 4)}\n`;
    })
    .join('');
}

function valueText(id: string, value: Buffer, names: ObjectNames, indent: number): string {
  try {
    const text = extensionPrinters.get(id)?.(value, { indent, names });
    if (text !== undefined) return text;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  return indentation(indent) + printableOctets(value);
}
