import { clip, visible } from '@kubepass/inspect/formats';
import type { BlastRadius } from '../../model/blast-radius.js';
import { rankGrants, shownCharacters, shownGrants, type RankedGrant } from './blast-radius.js';

/** The blast radius as lines for a tree of text. Names from the cluster can neither break a line nor flood it. */
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
  const binding = `${kind}/${short(name)}${namespace === null ? '' : ` in ${short(namespace)}`}`;
  const whom = `${subject.kind === 'User' ? 'username' : 'group'} ${short(subject.name)}`;
  const said = amountsToClusterAdmin ? ': amounts to cluster-admin' : opens.length > 0 ? `: ${opens.join(', ')}` : '';
  const missing = rules === null ? ', which does not exist' : '';
  return `${binding} grants ${whom} ${role.kind}/${short(role.name)}${missing}${said}`;
}

const short = (text: string): string => visible(clip(text, shownCharacters));
