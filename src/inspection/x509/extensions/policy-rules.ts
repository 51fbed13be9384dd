import { contextPrimitive, inside, Tag } from '../../../x509/strict/der.js';
import { count, dottedIdentifier } from '../values.js';
import { demand, fieldsOf, readSome, shown } from './extension-decoder.js';

/** RFC 5280 4.2.1.5. */
export const decodePolicyMappings = shown((element, report) =>
  readSome(fieldsOf(element, Tag.SEQUENCE, 'PolicyMappings'), 'the list of mappings', report, (reader) => {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'a policy mapping'));
    const policy = (): string => dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'a policy'));
    const mapping = { issuerDomainPolicy: policy(), subjectDomainPolicy: policy() };
    fields.end('a policy mapping');
    return mapping;
  }),
);

/** RFC 5280 4.2.1.11. */
export const decodePolicyConstraints = shown((element, report) => {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'PolicyConstraints');
  const explicit = fields.optional(contextPrimitive(0));
  const mapping = fields.optional(contextPrimitive(1));
  fields.end('PolicyConstraints');
  if (explicit === undefined && mapping === undefined) report('MalformedExtension', 'nothing is constrained');
  return {
    requireExplicitPolicy: explicit ? count(explicit) : null,
    inhibitPolicyMapping: mapping ? count(mapping) : null,
  };
});

/** RFC 5280 4.2.1.14. */
export const decodeInhibitAnyPolicy = shown((element) => count(demand(element, Tag.INTEGER, 'a number')));
