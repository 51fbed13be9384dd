import { inside, Tag } from '../../../x509/strict/der.js';
import { objectNames } from '../../../x509/openssl-text/object-names.js';
import { readGeneralName } from '../general-name.js';
import { dottedIdentifier } from '../values.js';
import { fieldsOf, readSome, shown } from './extension-decoder.js';

/** Authority and subject information access (RFC 5280 4.2.2). */
export const decodeInformationAccess = shown((element, report) =>
  readSome(fieldsOf(element, Tag.SEQUENCE, 'an information access'), 'the list of accesses', report, (reader) => {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'an AccessDescription'));
    const method = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'an access method'));
    const accessLocation = readGeneralName(fields, report).content;
    fields.end('an AccessDescription');
    return { accessMethod: objectNames.short(method) ?? method, accessLocation };
  }),
);
