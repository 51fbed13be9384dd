import { contextPrimitive, inside, Tag } from '../../strict/der.js';
import { cutToBuffer } from '../object-names.js';
import { integerText, readObjectIdentifier } from '../values.js';
import { fieldsOf, inOneLine, readAll, type ExtensionPrinter } from './extension-printer.js';

/** RFC 5280 4.2.1.5 */
export const printPolicyMappings: ExtensionPrinter = (value, place) => {
  const mappings = readAll(fieldsOf(value, Tag.SEQUENCE, 'PolicyMappings'), (reader) => {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy mapping'));
    const policy = (): string =>
      cutToBuffer(place.names.long(readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'a policy'))));
    const mapping = `${policy()}:${policy()}`;
    fields.end('a policy mapping');
    return mapping;
  });
  return mappings.length === 0 ? undefined : inOneLine(mappings, place);
};

/** RFC 5280 4.2.1.11 */
export const printPolicyConstraints: ExtensionPrinter = (value, place) => {
  const fields = fieldsOf(value, Tag.SEQUENCE, 'PolicyConstraints');
  const requireExplicitPolicy = fields.optional(contextPrimitive(0));
  const inhibitPolicyMapping = fields.optional(contextPrimitive(1));
  fields.end('PolicyConstraints');
  const values: string[] = [];
  if (requireExplicitPolicy) values.push(`Require Explicit Policy:${integerText(requireExplicitPolicy)}`);
  if (inhibitPolicyMapping) values.push(`Inhibit Policy Mapping:${integerText(inhibitPolicyMapping)}`);
  return values.length === 0 ? undefined : inOneLine(values, place);
};
