import {
  contextConstructed,
  contextPrimitive,
  DerError,
  inside,
  Tag,
  type DerElement,
  type DerReader,
} from '../../strict/der.js';
import { nestedNameText, readNameEntries } from '../name-text.js';
import { indentation } from '../octets.js';
import { readBits, readTruth, type Bits } from '../values.js';
import { fieldsOf, readAll, type ExtensionPrinter, type Place } from './extension-printer.js';
import { generalNameText, readGeneralName, type GeneralName } from './general-name.js';
import { bitNames } from './named-bits.js';

/** Names below one another, the last without its line feed. */
const generalNameLines = (list: readonly GeneralName[], { indent, names }: Place): string =>
  list.map((name) => indentation(indent + 2) + generalNameText(name, names)).join('\n');

/** DistributionPointName (RFC 5280 4.2.1.13), under the EXPLICIT tag that stands before a CHOICE. */
function distributionPointNameText(explicit: DerElement, place: Place): string {
  const margin = indentation(place.indent);
  const choice = inside(explicit);
  const name = choice.next();
  choice.end('a distributionPoint');
  if (name.tag === contextConstructed(0))
    return `${margin}Full Name:\n${generalNameLines(readAll(inside(name), readGeneralName), place)}\n`;
  if (name.tag !== contextConstructed(1)) throw new DerError('a distributionPoint is of no known kind', name.offset);
  return `${margin}Relative Name:\n${margin}  ${nestedNameText(readNameEntries(name, 0), place.names)}\n`;
}

/** RFC 5280 4.2.1.13, 5.3.1 */
const reasonNames = [
  'Unused',
  'Key Compromise',
  'CA Compromise',
  'Affiliation Changed',
  'Superseded',
  'Cessation Of Operation',
  'Certificate Hold',
  'Privilege Withdrawn',
  'AA Compromise',
];

function reasonsText(heading: string, bits: Bits, { indent }: Place): string {
  const margin = indentation(indent);
  const set = bitNames(bits, reasonNames);
  return `${margin}${heading}:\n${margin}  ${set.length === 0 ? '<EMPTY>' : set.join(', ')}\n`;
}

function distributionPointText(reader: DerReader, place: Place): string {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a DistributionPoint'));
  const name = fields.optional(contextConstructed(0));
  const reasons = fields.optional(contextPrimitive(1));
  const issuer = fields.optional(contextConstructed(2));
  fields.end('a DistributionPoint');
  const margin = indentation(place.indent);
  return (
    (name ? distributionPointNameText(name, place) : '') +
    (reasons ? reasonsText('Reasons', readBits(reasons), place) : '') +
    (issuer ? `${margin}CRL Issuer:\n${generalNameLines(readAll(inside(issuer), readGeneralName), place)}` : '')
  );
}

/** CRL distribution points and freshest CRL (RFC 5280 4.2.1.13, 4.2.1.15). */
export const printDistributionPoints: ExtensionPrinter = (value, place) =>
  readAll(fieldsOf(value, Tag.SEQUENCE, 'CRLDistributionPoints'), (fields) =>
    distributionPointText(fields, place),
  ).join('\n');

/** RFC 5280 5.2.5 */
export const printIssuingDistributionPoint: ExtensionPrinter = (value, place) => {
  const fields = fieldsOf(value, Tag.SEQUENCE, 'IssuingDistributionPoint');
  const name = fields.optional(contextConstructed(0));
  const flag = (tag: number): boolean => {
    const element = fields.optional(contextPrimitive(tag));
    return element !== undefined && readTruth(element);
  };
  const onlyUser = flag(1);
  const onlyCa = flag(2);
  const reasons = fields.optional(contextPrimitive(3));
  const indirect = flag(4);
  const onlyAttributes = flag(5);
  fields.end('IssuingDistributionPoint');

  const line = (text: string): string => `${indentation(place.indent)}${text}\n`;
  const text =
    (name ? distributionPointNameText(name, place) : '') +
    (onlyUser ? line('Only User Certificates') : '') +
    (onlyCa ? line('Only CA Certificates') : '') +
    (indirect ? line('Indirect CRL') : '') +
    (reasons ? reasonsText('Only Some Reasons', readBits(reasons), place) : '') +
    (onlyAttributes ? line('Only Attribute Certificates') : '');
  return text === '' ? line('<EMPTY>') : text;
};
