import { Type } from 'typebox';
import { componentNames, componentStates } from '../../model/health.js';
import { dnsLabelOf, instantOf, messageOf, namedObject, nullable, oneOf, ref } from './schema-parts.js';

export const ComponentSchema = namedObject('Component', 'A part of the service, and its state.', {
  name: oneOf(componentNames, 'The part.'),
  state: oneOf(
    componentStates,
    '`degraded`: the service does its work, and somebody should look. `failed`: it cannot do its work now.',
  ),
  figures: Type.Unsafe<Record<string, number>>({
    type: 'object',
    propertyNames: { type: 'string', maxLength: 64, pattern: '^[a-z][A-Za-z]*$' },
    additionalProperties: { type: 'number' },
    description: 'Numbers about it, without names: counts, and seconds.',
    examples: [{ configured: 3, unreachable: 1 }],
  }),
});

const ClusterHealthSchema = namedObject('ClusterHealth', 'A cluster, as its last probe found it.', {
  name: dnsLabelOf('The name of the cluster.', 'demo'),
  state: oneOf(componentStates, 'As that of a component.'),
  reachable: nullable(
    Type.Boolean({ description: 'Whether its API server answered.', examples: [true] }),
    'Null: kubepass has no connection to it, or it was not probed yet.',
  ),
  signs: oneOf(['yes', 'no', 'unknown'], 'Whether user certificates are signed there.'),
  probedAt: nullable(instantOf('When it was probed.'), 'Null: never.'),
});

export const Clusters = Type.Optional(
  Type.Array(ref(ClusterHealthSchema), {
    maxItems: 1000,
    description: 'Only with `verbose`, for auditors and admins: the clusters by name.',
  }),
);

export const HealthSchema = namedObject('Health', 'The service is well.', {
  status: oneOf(['ok'], 'Always the same; a fault has another HTTP status.'),
  restored: Type.Optional(
    Type.Boolean({
      description:
        'Only with `verbose`: whether the database was put back from a backup, and no admin has acknowledged that ' +
        '(`POST /v1/restored/acknowledge`). `notes` then say what may not be known.',
      examples: [false],
    }),
  ),
  notes: Type.Optional(
    Type.Array(
      messageOf(
        'A sentence.',
        'the database did not know 2 revocations of the list beside it: they are recorded again',
      ),
      { maxItems: 100, description: 'Only with `verbose`: what an operator should know all the same.' },
    ),
  ),
  components: Type.Optional(
    Type.Array(ref(ComponentSchema), { maxItems: 100, description: 'Only with `verbose`: the state of each part.' }),
  ),
  clusters: Clusters,
});
