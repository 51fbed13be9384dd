import { inside, Tag } from '../../strict/der.js';
import { indentation, octetsUntilNul } from '../octets.js';
import { integerHex, readObjectIdentifier } from '../values.js';
import { fieldsOf, type ExtensionPrinter } from './extension-printer.js';

/** RFC 3820 3.8 */
export const printProxyCertificateInformation: ExtensionPrinter = (value, { indent, names }) => {
  const fields = fieldsOf(value, Tag.SEQUENCE, 'ProxyCertInfo');
  const pathLength = fields.optional(Tag.INTEGER);
  const policy = inside(fields.expect(Tag.SEQUENCE, 'a ProxyPolicy'));
  fields.end('ProxyCertInfo');
  const language = readObjectIdentifier(policy.expect(Tag.OBJECT_IDENTIFIER, 'a policy language'));
  const text = policy.optional(Tag.OCTET_STRING);
  policy.end('a ProxyPolicy');
  const margin = indentation(indent);
  return (
    `${margin}Path Length Constraint: ${pathLength ? integerHex(pathLength) : 'infinite'}\n` +
    `${margin}Policy Language: ${names.long(language)}` +
    (text ? `\n${margin}Policy Text: ${octetsUntilNul(text.content)}` : '')
  );
};
