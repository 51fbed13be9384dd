import { Type, type Static } from 'typebox';
import { clip, visible } from '@kubepass/inspect/formats';
import {
  escalationKinds,
  type BlastRadius,
  type EscalationKind,
  type Grant,
  type GrantReference,
  type RoleRule,
} from '../model/blast-radius.js';
import { closed, instantTextOf, namedObject, nullable, objectOf, oneOf, ref } from '../http/schemas/schema-parts.js';
import { clusterText, shownCharacters } from '../http/schemas/cluster-parts.js';

/** How much of a blast radius is shown. The rest is only counted. */
const shownGrants = 50;
const shownReferences = 20;
const shownRules = 20;
const more = (description: string) => Type.Integer({ minimum: 0, description });
const namespace = nullable(
  clusterText('A namespace.', 'team-a'),
  'The namespace of a RoleBinding; null: the whole cluster.',
);
const opens = Type.Array(oneOf(escalationKinds), {
  maxItems: escalationKinds.length,
  description: 'The escalations that it makes possible.',
});

export const GrantReferenceSchema = namedObject('GrantReference', 'A binding or group that grants permissions.', {
  kind: oneOf(
    ['ClusterRoleBinding', 'RoleBinding', 'Group'],
    '`Group`: `system:masters`, which may do everything without a binding.',
  ),
  name: clusterText('Its name.', 'innocent-name'),
  namespace,
});

export const GrantSchema = namedObject('Grant', 'A binding that the identity is a subject of.', {
  kind: oneOf(['ClusterRoleBinding', 'RoleBinding'], 'The kind of binding.'),
  name: clusterText('Its name.', 'innocent-name'),
  namespace,
  subject: objectOf('The username or group of the identity that it binds.', {
    kind: oneOf(['User', 'Group'], 'Username or group.'),
    name: clusterText('Its name. Every identity is in the group `system:authenticated`.', 'team-x'),
  }),
  role: objectOf('The role that it grants.', {
    kind: oneOf(['ClusterRole', 'Role'], 'The kind of role.'),
    name: clusterText('Its name.', 'cluster-admin'),
    exists: Type.Boolean({
      description: 'False if the role does not exist: it grants nothing until somebody creates it.',
    }),
  }),
  rules: Type.Array(clusterText('Verbs, resources, API groups, names.', 'get, list pods, pods/log'), {
    maxItems: shownRules,
    description: 'What the role allows, as text.',
  }),
  moreRules: more('How many more rules there are.'),
  amountsToClusterAdmin: Type.Boolean({
    description: 'Whether this grant, alone or together with others that are marked so, amounts to cluster-admin.',
  }),
  opens,
});

const references = Type.Array(ref(GrantReferenceSchema), {
  maxItems: shownReferences,
  description: 'The bindings.',
});

export const BlastRadiusSchema = namedObject(
  'BlastRadius',
  'What an identity could do on the cluster according to its role bindings.',
  {
    observedAt: instantTextOf('When the cluster’s bindings were last known to be complete.'),
    clusterAdmin: objectOf(
      'The grants that amount to cluster-admin, whatever their names; there are none if `by` is empty.',
      { by: references, more: more('How many more bindings there are.') },
    ),
    escalations: Type.Array(
      closed({
        kind: oneOf(escalationKinds, 'The kind of escalation.'),
        by: references,
        more: more('How many more bindings there are.'),
      }),
      { maxItems: escalationKinds.length, description: 'Ways to get more permissions than are granted.' },
    ),
    grants: Type.Array(ref(GrantSchema), {
      maxItems: shownGrants,
      description:
        'The bindings of the identity; those that amount to cluster-admin first, then those that make escalations possible.',
    }),
    moreGrants: more('How many more bindings there are.'),
  },
);
type BlastRadiusBody = Static<typeof BlastRadiusSchema>;

/** The blast radius as JSON of bounded size, whatever is in the cluster. */
export function blastRadiusView(blastRadius: BlastRadius): BlastRadiusBody {
  const { grants, clusterAdmin, escalations, observedAt } = blastRadius;
  return {
    observedAt,
    clusterAdmin: firstOf(clusterAdmin),
    escalations: escalationKinds.flatMap((kind) => {
      const by = escalations.filter((escalation) => escalation.kind === kind).map((escalation) => escalation.by);
      return by.length === 0 ? [] : { kind, ...firstOf(by) };
    }),
    grants: rankGrants(blastRadius).slice(0, shownGrants).map(grantView),
    moreGrants: Math.max(0, grants.length - shownGrants),
  };
}

function grantView({ grant, amountsToClusterAdmin, opens }: RankedGrant): BlastRadiusBody['grants'][number] {
  const rules = grant.rules ?? [];
  return {
    kind: grant.kind,
    name: short(grant.name),
    namespace: grant.namespace && short(grant.namespace),
    subject: { kind: grant.subject.kind, name: short(grant.subject.name) },
    role: { kind: grant.role.kind, name: short(grant.role.name), exists: grant.rules !== null },
    rules: rules.slice(0, shownRules).map(ruleInWords),
    moreRules: Math.max(0, rules.length - shownRules),
    amountsToClusterAdmin,
    opens: [...opens],
  };
}

/** `get, list pods, pods/log`, `* * in *`, `get secrets named db`, `get /healthz`. */
function ruleInWords({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: RoleRule): string {
  const isCore = apiGroups.length === 1 && apiGroups[0] === '';
  return short(
    [
      listed(verbs),
      listed([...resources, ...nonResourceURLs]),
      ...(isCore || apiGroups.length === 0 ? [] : ['in', listed(apiGroups.map((group) => group || 'core'))]),
      ...(resourceNames.length === 0 ? [] : ['named', listed(resourceNames)]),
    ].join(' '),
  );
}

/** The values as one text. Stops early, because the text is clipped anyway. */
function listed(values: readonly string[]): string {
  let text = '';
  for (const value of values) {
    text += `${text === '' ? '' : ', '}${short(value)}`;
    if (text.length > 2 * shownCharacters) break;
  }
  return text;
}

const firstOf = (references: readonly GrantReference[]): BlastRadiusBody['clusterAdmin'] => ({
  by: references.slice(0, shownReferences).map(({ kind, name, namespace }) => ({
    kind,
    name: short(name),
    namespace: namespace && short(namespace),
  })),
  more: Math.max(0, references.length - shownReferences),
});

const short = (text: string): string => clip(text, shownCharacters);

/** A grant and what it makes possible. */
interface RankedGrant {
  readonly grant: Grant;
  readonly amountsToClusterAdmin: boolean;
  readonly opens: readonly EscalationKind[];
}

/** Sorts cluster-admin first and escalations second, so that the grants that matter most are never left out. */
function rankGrants({ grants, clusterAdmin, escalations }: BlastRadius): readonly RankedGrant[] {
  const admin = new Set(clusterAdmin.map(keyOf));
  const opened = new Map<string, EscalationKind[]>();
  for (const { kind, by } of escalations) {
    const kinds = opened.get(keyOf(by)) ?? [];
    kinds.push(kind);
    opened.set(keyOf(by), kinds);
  }
  const ranked = grants.map((grant) => ({
    grant,
    amountsToClusterAdmin: admin.has(keyOf(grant)),
    opens: opened.get(keyOf(grant)) ?? [],
  }));
  const rankOf = ({ amountsToClusterAdmin, opens }: RankedGrant) =>
    amountsToClusterAdmin ? 0 : opens.length > 0 ? 1 : 2;
  return ranked.sort((one, other) => rankOf(one) - rankOf(other));
}

/** Unique, because names and namespaces contain no slash. */
const keyOf = ({ kind, namespace, name }: GrantReference): string => `${kind}/${namespace ?? ''}/${name}`;

/** The blast radius as lines for a tree of text. Names from the cluster cannot break a line or flood it. */
export function blastRadiusLines(blastRadius: BlastRadius | null): readonly string[] {
  if (blastRadius === null) return ['not known: the role bindings of this cluster are not read, or not at hand'];
  const ranked = rankGrants(blastRadius);
  const shown = ranked.slice(0, shownGrants);
  const masters = blastRadius.clusterAdmin.some(({ kind }) => kind === 'Group');
  return [
    `${summary(blastRadius)}, as of ${blastRadius.observedAt}`,
    ...(masters ? ['group system:masters needs no binding: amounts to cluster-admin'] : []),
    ...shown.map(grantLine),
    ...(ranked.length > shown.length ? [`and ${ranked.length - shown.length} more`] : []),
  ];
}

function summary({ grants, clusterAdmin, escalations }: BlastRadius): string {
  if (clusterAdmin.length > 0) return 'amounts to cluster-admin';
  const ways = new Set(escalations.map(({ kind }) => kind)).size;
  const bound = grants.length === 1 ? '1 grant' : `${grants.length} grants`;
  return ways === 0 ? bound : `${bound}, ${ways === 1 ? '1 way' : `${ways} ways`} to more`;
}

/** `ClusterRoleBinding/innocent-name grants group team-x ClusterRole/cluster-admin: amounts to cluster-admin`. */
function grantLine({ grant, amountsToClusterAdmin, opens }: RankedGrant): string {
  const { kind, name, namespace, subject, role, rules } = grant;
  const binding = `${kind}/${visibly(name)}${namespace === null ? '' : ` in ${visibly(namespace)}`}`;
  const whom = `${subject.kind === 'User' ? 'username' : 'group'} ${visibly(subject.name)}`;
  const said = amountsToClusterAdmin ? ': amounts to cluster-admin' : opens.length > 0 ? `: ${opens.join(', ')}` : '';
  const missing = rules === null ? ', which does not exist' : '';
  return `${binding} grants ${whom} ${role.kind}/${visibly(role.name)}${missing}${said}`;
}

const visibly = (text: string): string => visible(short(text));
