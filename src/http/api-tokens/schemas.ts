import { Type, type Static } from 'typebox';
import { roles } from '../../model/principal.js';
import { pageOf } from '../answers/page-schemas.js';
import {
  closed,
  dnsLabelOf,
  exampleId,
  idOf,
  instantOf,
  namedObject,
  nullable,
  oneOf,
  principalNameOf,
  textOf,
  viewOf,
} from '../schemas/schema-parts.js';

const groups = Type.Array(principalNameOf('One group.', 'onboarding'), { maxItems: 32, uniqueItems: true });
const roleList = Type.Array(oneOf(roles), {
  minItems: 1,
  maxItems: roles.length,
  uniqueItems: true,
  description: 'What the principal may do.',
  examples: [['requester']],
});

export const NewApiTokenSchema = namedObject('NewApiToken', 'An API token to create.', {
  name: principalNameOf('The principal’s name; several tokens may have the same name.', 'hr-system'),
  groups: Type.Optional(groups),
  roles: roleList,
  expiresInSeconds: Type.Optional(
    // One type, not a union: a caller gets one error.
    Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      minimum: 60,
      maximum: 31536000,
      description:
        'How long it is valid: by default 90 days, at most a year. Null: until it is revoked, for the role reviewer alone.',
      examples: [7776000],
    }),
  ),
  cluster: Type.Optional(
    dnsLabelOf('For the role reviewer: the cluster whose API server will hold the token.', 'demo'),
  ),
});

const tokenProperties = {
  id: idOf('UUID.'),
  name: principalNameOf('The principal’s name.', 'hr-system'),
  groups,
  roles: roleList,
  createdBy: Type.Array(principalNameOf('A principal.', 'admin'), {
    maxItems: 1000,
    description: 'Who created it, who created the token that was used for this, and so on; oldest first.',
  }),
  createdAt: instantOf('When it was created.'),
  expiresAt: nullable(instantOf('An instant.'), 'When it expires; null if it lives until it is revoked.'),
  revokedAt: nullable(instantOf('An instant.'), 'When it was revoked; null if it was not.'),
  cluster: nullable(dnsLabelOf('A cluster.', 'demo'), 'The cluster of a reviewer; null for every other token.'),
  breakGlass: Type.Boolean({
    description: 'Whether it is for emergencies: `npm run admin-token` made it, although tokens are no admins here.',
  }),
};

export const ApiTokenSchema = namedObject('ApiToken', 'An API token without its secret.', tokenProperties);
export type ApiTokenBody = Static<typeof ApiTokenSchema>;

export const CreatedApiTokenSchema = namedObject('CreatedApiToken', 'A new API token with its secret.', {
  ...tokenProperties,
  token: textOf('The secret. It is in this answer and nowhere else.', 'kubepass_…', { maxLength: 128 }),
});

export const ApiTokenListSchema = pageOf(ApiTokenSchema, 'API tokens, newest first.');

export const ApiTokenParamsSchema = closed({
  id: textOf('The token’s id.', exampleId, { minLength: 1, maxLength: 64 }),
});

export const apiTokenView = viewOf(ApiTokenSchema);
