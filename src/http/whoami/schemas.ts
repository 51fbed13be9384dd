import { Type, type Static } from 'typebox';
import { actions } from '../../identity/permissions.js';
import { roles } from '../../model/principal.js';
import { nameOf, named, oneOf, requestIdOf } from '../field-schemas.js';

export const WhoamiSchema = named(
  'Whoami',
  Type.Object(
    {
      name: nameOf('The principal’s name.', 'hr-system'),
      groups: Type.Array(nameOf('One group.', 'onboarding'), { maxItems: 32 }),
      roles: Type.Array(oneOf(roles), { maxItems: 4 }),
      apiTokenId: requestIdOf('The API token that the caller uses.'),
      permissions: Type.Array(oneOf(actions), { maxItems: 100, description: 'What the roles allow.' }),
    },
    { additionalProperties: false, description: 'The calling principal.' },
  ),
);
export type WhoamiBody = Static<typeof WhoamiSchema>;

export const HealthSchema = named(
  'Health',
  Type.Object(
    { status: oneOf(['ok'], { description: 'Always the same; a fault has another HTTP status.' }) },
    { additionalProperties: false, description: 'All is well.' },
  ),
);
export type HealthBody = Static<typeof HealthSchema>;
