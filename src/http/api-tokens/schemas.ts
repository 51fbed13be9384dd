import { Type, type Static } from 'typebox';
import { roles } from '../../model/principal.js';
import { instantOf, nameOf, named, nullable, oneOf, pageOf, requestIdOf } from '../field-schemas.js';

const groups = Type.Array(nameOf('One group.', 'onboarding'), { maxItems: 32, uniqueItems: true });
const roleList = Type.Array(oneOf(roles), {
  minItems: 1,
  maxItems: 4,
  uniqueItems: true,
  description: 'What the principal may do.',
  examples: [['requester']],
});

export const NewApiTokenSchema = named(
  'NewApiToken',
  Type.Object(
    {
      name: nameOf('The principal’s name; several tokens may carry one name.', 'hr-system'),
      groups: Type.Optional(groups),
      roles: roleList,
      expiresInSeconds: Type.Optional(
        Type.Integer({
          minimum: 60,
          maximum: 31536000,
          default: 7776000,
          description: 'Its life: 90 days unless given, a year at most.',
          examples: [7776000],
        }),
      ),
    },
    { additionalProperties: false, description: 'An API token to be made.' },
  ),
);

const tokenProperties = {
  id: requestIdOf('UUID.'),
  name: nameOf('The principal’s name.', 'hr-system'),
  groups,
  roles: roleList,
  createdBy: Type.Array(nameOf('A principal.', 'admin'), {
    maxItems: 1000,
    description: 'Who made it, and who made the token that it was made with, oldest first.',
  }),
  createdAt: instantOf('When it was made.'),
  expiresAt: instantOf('When it ends by itself.'),
  revokedAt: nullable(instantOf('An instant.'), { description: 'When it was revoked.' }),
};

export const ApiTokenSchema = named(
  'ApiToken',
  Type.Object(tokenProperties, { additionalProperties: false, description: 'An API token without its secret.' }),
);
export type ApiTokenBody = Static<typeof ApiTokenSchema>;

export const CreatedApiTokenSchema = named(
  'CreatedApiToken',
  Type.Object(
    {
      ...tokenProperties,
      token: Type.String({ maxLength: 128, description: 'The secret. It is shown here and nowhere else.' }),
    },
    { additionalProperties: false, description: 'A new API token with its secret.' },
  ),
);

export const ApiTokenListSchema = pageOf(ApiTokenSchema, 'API tokens, newest first.');

export const ApiTokenParams = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 64, description: 'The token’s id.' }) },
  { additionalProperties: false },
);
