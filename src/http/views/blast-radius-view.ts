import { clip } from '../../formats/text/visible.js';
import { escalationKinds, type BlastRadius, type GrantReference, type RoleRule } from '../../model/blast-radius.js';
import {
  shownCharacters,
  shownGrants,
  shownReferences,
  shownRules,
  type BlastRadiusBody,
} from '../schemas/blast-radius.js';
import { rankGrants, type RankedGrant } from './rank-grants.js';

/** In bounded size, whatever is in the cluster. */
export function blastRadiusView(blastRadius: BlastRadius): BlastRadiusBody {
  const { grants, clusterAdmin, escalations, observedAt } = blastRadius;
  return {
    observedAt,
    clusterAdmin: some(clusterAdmin),
    escalations: escalationKinds.flatMap((kind) => {
      const by = escalations.filter((escalation) => escalation.kind === kind).map((escalation) => escalation.by);
      return by.length === 0 ? [] : { kind, ...some(by) };
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

/** Not longer than it takes to be cut off in the end. */
function listed(values: readonly string[]): string {
  let text = '';
  for (const value of values) {
    text += `${text === '' ? '' : ', '}${short(value)}`;
    if (text.length > 2 * shownCharacters) break;
  }
  return text;
}

const some = (references: readonly GrantReference[]): BlastRadiusBody['clusterAdmin'] => ({
  by: references.slice(0, shownReferences).map(({ kind, name, namespace }) => ({
    kind,
    name: short(name),
    namespace: namespace && short(namespace),
  })),
  more: Math.max(0, references.length - shownReferences),
});

const short = (text: string): string => clip(text, shownCharacters);
