import { Type, type Static } from 'typebox';
import { NewCertificateRequestSchema } from '../certificate-requests/schemas.js';
import { dnsLabelOf, instantOf, named } from '../field-schemas.js';

/** Octets of a body with policies in it. */
export const maxDraftOctets = 1024 * 1024;

const policies = Type.Array(
  Type.String({
    minLength: 1,
    maxLength: maxDraftOctets,
    description: 'YAML, as in one policy file.',
    examples: [
      'apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: demo }\nspec:\n  selector: {}\n  allowed: { usernames: ["*"] }\n  approval: { mode: auto }\n',
    ],
  }),
  {
    minItems: 1,
    maxItems: 100,
    description: 'A whole policy set to try out in place of the one in force; takes the role auditor or admin.',
  },
);

export const NewEvaluationSchema = named(
  'NewEvaluation',
  Type.Object(
    { ...NewCertificateRequestSchema.properties, policies: Type.Optional(policies) },
    {
      additionalProperties: false,
      description: 'What would be asked for, and under which policies.',
      examples: [{ cluster: 'demo', username: 'jane@corp.example', groups: ['team-a'], expirationSeconds: 86400 }],
    },
  ),
);

export const NewReplaySchema = named(
  'NewReplay',
  Type.Object(
    {
      policies,
      after: Type.Optional(instantOf('Only requests that were created then or later.')),
      before: Type.Optional(instantOf('Only requests that were created before; default: now.')),
      cluster: Type.Optional(dnsLabelOf('Only requests for this cluster.', 'demo')),
    },
    { additionalProperties: false, description: 'Which recorded requests to replay, and under which policies.' },
  ),
);
export type NewReplayBody = Static<typeof NewReplaySchema>;
