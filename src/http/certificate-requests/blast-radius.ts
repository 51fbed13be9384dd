import { Type, type Static } from 'typebox';
import { escalationKinds } from '../../model/blast-radius.js';
import { instantOf, named, nullable, oneOf, ref } from '../field-schemas.js';

/** How much of a blast radius is shown; of what is left out, the number is. */
export const shownGrants = 50;
export const shownReferences = 20;
export const shownRules = 20;
/** Code points of a name or a rule in the cluster, whose length is bounded by nothing but a request's. */
export const shownCharacters = 253;

/** With what `clip` puts behind what it cuts off. */
const clusterText = (description: string, example: string) =>
  Type.String({ maxLength: shownCharacters + 6, description, examples: [example] });
const more = (description: string) => Type.Integer({ minimum: 0, description });
const namespace = nullable(clusterText('A namespace.', 'team-a'), {
  description: 'Of a RoleBinding; null: the whole cluster.',
});
const opens = Type.Array(oneOf(escalationKinds), { maxItems: escalationKinds.length, description: 'Ways to more.' });

export const GrantReferenceSchema = named(
  'GrantReference',
  Type.Object(
    {
      kind: oneOf(['ClusterRoleBinding', 'RoleBinding', 'Group'], {
        description: '`Group`: `system:masters`, which may do everything without a binding.',
      }),
      name: clusterText('Its name.', 'innocent-name'),
      namespace,
    },
    { additionalProperties: false, description: 'What grants something.' },
  ),
);

export const GrantSchema = named(
  'Grant',
  Type.Object(
    {
      kind: oneOf(['ClusterRoleBinding', 'RoleBinding'], { description: 'What binds.' }),
      name: clusterText('Its name.', 'innocent-name'),
      namespace,
      subject: Type.Object(
        {
          kind: oneOf(['User', 'Group'], { description: 'Username or group.' }),
          name: clusterText('Its name; `system:authenticated` is everybody’s.', 'team-x'),
        },
        { additionalProperties: false, description: 'Whom of the identity it binds.' },
      ),
      role: Type.Object(
        {
          kind: oneOf(['ClusterRole', 'Role'], { description: 'Of the cluster or of the namespace.' }),
          name: clusterText('Its name.', 'cluster-admin'),
          exists: Type.Boolean({ description: 'A role that does not exist grants nothing, until somebody makes it.' }),
        },
        { additionalProperties: false, description: 'To what.' },
      ),
      rules: Type.Array(clusterText('Verbs, resources, API groups, names.', 'get, list pods, pods/log'), {
        maxItems: shownRules,
        description: 'What the role allows, for people to read.',
      }),
      moreRules: more('How many more rules there are.'),
      amountsToClusterAdmin: Type.Boolean({ description: 'Alone, or with the others of which it is said.' }),
      opens,
    },
    { additionalProperties: false, description: 'A binding that the identity is a subject of.' },
  ),
);

const references = Type.Array(ref(GrantReferenceSchema), {
  maxItems: shownReferences,
  description: 'Which bindings.',
});

export const BlastRadiusSchema = named(
  'BlastRadius',
  Type.Object(
    {
      observedAt: instantOf('When the cluster’s bindings were last known to be complete.'),
      clusterAdmin: Type.Object(
        { by: references, more: more('How many more bindings there are.') },
        {
          additionalProperties: false,
          description: 'What amounts to cluster-admin, whatever it is called; nothing where `by` is empty.',
        },
      ),
      escalations: Type.Array(
        Type.Object(
          {
            kind: oneOf(escalationKinds, { description: 'Which way.' }),
            by: references,
            more: more('How many more bindings there are.'),
          },
          { additionalProperties: false },
        ),
        { maxItems: escalationKinds.length, description: 'Ways to more than what is granted.' },
      ),
      grants: Type.Array(ref(GrantSchema), {
        maxItems: shownGrants,
        description: 'What binds the identity, cluster-admin and ways to more first.',
      }),
      moreGrants: more('How many more there are.'),
    },
    { additionalProperties: false, description: 'What an identity could do on the cluster, by its role bindings.' },
  ),
);
export type BlastRadiusBody = Static<typeof BlastRadiusSchema>;
