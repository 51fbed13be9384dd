import { GuardrailDocument, PolicyDocument } from './policy-schema.js';

/**
 * The JSON Schema of one document of a policy file, for editors. It tells the shape; what it cannot tell (globs'
 * variables, expressions, time zones) loading and `policy:check` do.
 */
export const policyJsonSchema: object = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'kubepass policy',
  description: 'A document of a policy file: a Policy or a Guardrail.',
  // One after the other by kind: an editor then says what is wrong with that kind, and not that neither fits.
  type: 'object',
  required: ['kind'],
  properties: { kind: { enum: ['Policy', 'Guardrail'] } },
  if: { properties: { kind: { const: 'Guardrail' } } },
  then: GuardrailDocument,
  else: PolicyDocument,
};
