import { Type, type Static } from 'typebox';
import { named, nullable, oneOf, ref, sha256Of } from '../field-schemas.js';

export const LoadedPolicySchema = named(
  'LoadedPolicy',
  Type.Object(
    {
      kind: oneOf(['Policy', 'Guardrail'], { description: 'What it is.' }),
      name: Type.String({ maxLength: 256, description: 'Its `metadata.name`.', examples: ['developers'] }),
      path: Type.String({ maxLength: 4096, description: 'The file it came from.', examples: ['demo.yaml'] }),
      spec: Type.Unknown({ description: 'Its `spec`, as in the file.' }),
    },
    { additionalProperties: false, description: 'A policy or guardrail in force.' },
  ),
);

export const LoadedPolicyListSchema = named(
  'LoadedPolicyList',
  Type.Object(
    {
      digest: sha256Of('SHA-256 of the whole set'),
      items: Type.Array(ref(LoadedPolicySchema), { maxItems: 500 }),
      nextCursor: nullable(Type.String({ maxLength: 512 }), {
        description: 'Pass it as `cursor` to read on; null on the last page.',
      }),
    },
    { additionalProperties: false, description: 'The policy set in force.' },
  ),
);
export type LoadedPolicyListBody = Static<typeof LoadedPolicyListSchema>;
