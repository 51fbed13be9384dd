import {
  contextConstructed,
  contextPrimitive,
  type DerElement,
  type DerReader,
  inside,
  Tag,
} from '../../../x509/strict/der.js';
import { displayIpAddress } from '../../../x509/strict/subject-alt-names.js';
import type { Report } from '../../observations.js';
import { type GeneralNameContent, readGeneralName } from '../general-name.js';
import { count } from '../values.js';
import { fieldsOf, readSome, shown } from './extension-decoder.js';

/** RFC 5280 4.2.1.10: names that certificates below may have, and may not have. */
export const decodeNameConstraints = shown((element, report) => {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'NameConstraints');
  const permitted = fields.optional(contextConstructed(0));
  const excluded = fields.optional(contextConstructed(1));
  fields.end('NameConstraints');
  if (permitted === undefined && excluded === undefined) report('MalformedExtension', 'nothing is constrained');
  return {
    permittedSubtrees: permitted ? readSubtrees(permitted, report) : [],
    excludedSubtrees: excluded ? readSubtrees(excluded, report) : [],
  };
});

const readSubtrees = (element: DerElement, report: Report): GeneralNameContent[] =>
  readSome(inside(element), 'a list of subtrees', report, (reader) => readSubtree(reader, report));

function readSubtree(reader: DerReader, report: Report): GeneralNameContent {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a subtree'));
  const { content, octets } = readGeneralName(fields, report);
  const minimum = fields.optional(contextPrimitive(0));
  const maximum = fields.optional(contextPrimitive(1));
  fields.end('a subtree');
  // RFC 5280 4.2.1.10: minimum is zero, and maximum is absent.
  if ((minimum && count(minimum) !== 0) || maximum)
    report('MalformedExtension', 'a subtree has a minimum or a maximum');
  return content.type === 'iPAddress' ? subnet(octets, content, report) : content;
}

/** An address here stands with its mask behind it: `10.0.0.0/8`, `10.0.0.0/255.0.255.0`. */
function subnet(octets: Buffer, content: GeneralNameContent, report: Report): GeneralNameContent {
  const size = octets.length / 2;
  const mask = octets.subarray(size);
  const address = size === 4 || size === 16 ? displayIpAddress(octets.subarray(0, size)) : null;
  if (address === null) {
    report('MalformedExtension', `an address and its mask have ${octets.length} octets, neither 8 nor 32`);
    return { type: content.type, value: null, hex: octets.toString('hex') };
  }
  return { type: content.type, value: `${address}/${prefixLength(mask) ?? displayIpAddress(mask) ?? ''}`, hex: null };
}

/** How many ones the mask begins with; null where there are more of them after a zero. */
function prefixLength(mask: Buffer): number | null {
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  const ones = /^1*/.exec(bits)?.[0].length ?? 0;
  return bits.includes('1', ones) ? null : ones;
}
