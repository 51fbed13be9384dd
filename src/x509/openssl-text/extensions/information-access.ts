import { inside, Tag, type DerReader } from '../../strict/der.js';
import { cutToBuffer } from '../object-names.js';
import { readObjectIdentifier } from '../values.js';
import { fieldsOf, inLines, readAll, type ExtensionPrinter } from './extension-printer.js';
import { generalNameValues, readGeneralName, type GeneralName } from './general-name.js';

export interface AccessDescription {
  readonly method: string;
  readonly location: GeneralName;
}

export function readAccessDescription(reader: DerReader): AccessDescription {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an AccessDescription'));
  const method = readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'an access method'));
  const location = readGeneralName(fields);
  fields.end('an AccessDescription');
  return { method, location };
}

/** Authority and subject information access (RFC 5280 4.2.2). */
export const printInformationAccess: ExtensionPrinter = (value, place) => {
  const descriptions = readAll(fieldsOf(value, Tag.SEQUENCE, 'an information access'), readAccessDescription);
  const locations = generalNameValues(
    descriptions.map(({ location }) => location),
    place.names,
  );
  return (
    locations &&
    inLines(
      descriptions.map(({ method }, i) => `${cutToBuffer(place.names.long(method))} - ${locations[i] ?? ''}`),
      place,
    )
  );
};
