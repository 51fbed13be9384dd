import { contextConstructed, contextPrimitive, inside, Tag, type DerElement } from '../../strict/der.js';
import { indentation } from '../octets.js';
import { readSignedMagnitude } from '../values.js';
import { fieldsOf, readAll, type ExtensionPrinter, type Place } from './extension-printer.js';
import { generalNameText, ipAddressText, readGeneralName, type GeneralName } from './general-name.js';

/** RFC 5280 4.2.1.10 */
export const printNameConstraints: ExtensionPrinter = (value, place) => {
  const fields = fieldsOf(value, Tag.SEQUENCE, 'NameConstraints');
  const permitted = fields.optional(contextConstructed(0));
  const excluded = fields.optional(contextConstructed(1));
  fields.end('NameConstraints');
  return (
    (permitted ? subtreesText('Permitted', permitted, place) : '') +
    (permitted && excluded ? '\n' : '') +
    (excluded ? subtreesText('Excluded', excluded, place) : '')
  );
};

function subtreesText(heading: string, subtrees: DerElement, { indent, names }: Place): string {
  const bases = readAll(inside(subtrees), (reader) => {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'a subtree'));
    const base = readGeneralName(fields);
    for (const bound of [0, 1]) {
      const element = fields.optional(contextPrimitive(bound));
      if (element) readSignedMagnitude(element);
    }
    fields.end('a subtree');
    return base;
  });
  if (bases.length === 0) return '';
  const lines = bases.map((base) => `${indentation(indent + 2)}${baseText(base, names)}`);
  return `${indentation(indent)}${heading}:\n${lines.join('\n')}`;
}

/** An address here stands with its mask behind it. */
function baseText(base: GeneralName, names: Place['names']): string {
  if (base.kind !== 'ipAddress') return generalNameText(base, names);
  const { content } = base;
  const size = content.length >= 16 ? 16 : Math.min(content.length, 4);
  return `IP:${ipAddressText(content.subarray(0, size))}/${ipAddressText(content.subarray(size))}`;
}
