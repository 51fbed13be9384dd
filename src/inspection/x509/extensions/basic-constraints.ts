import { Tag } from '../../../x509/strict/der.js';
import { count, truth } from '../values.js';
import { type ExtensionDecoder, fieldsOf } from './extension-decoder.js';

/** RFC 5280 4.2.1.9. */
export const decodeBasicConstraints: ExtensionDecoder = (element, report) => {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'BasicConstraints');
  const flag = fields.optional(Tag.BOOLEAN);
  const pathLength = fields.optional(Tag.INTEGER);
  fields.end('BasicConstraints');
  const ca = flag !== undefined && truth(flag);
  // X.690 11.5: a value equal to its DEFAULT is left out.
  if (flag !== undefined && !ca) report('NonDerEncoding', 'cA FALSE is written out');
  const basicConstraints = { ca, pathLenConstraint: pathLength ? count(pathLength) : null };
  return { value: basicConstraints, facts: { basicConstraints } };
};
