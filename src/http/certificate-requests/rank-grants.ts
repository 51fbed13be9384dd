import type { BlastRadius, EscalationKind, Grant, GrantReference } from '../../model/blast-radius.js';

/** A grant with what it leads to. */
export interface RankedGrant {
  readonly grant: Grant;
  readonly amountsToClusterAdmin: boolean;
  readonly opens: readonly EscalationKind[];
}

/** Cluster-admin first, then what opens ways to more, then the rest: what must not be among those that are left out. */
export function rankGrants({ grants, clusterAdmin, escalations }: BlastRadius): readonly RankedGrant[] {
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
  return [
    ...ranked.filter(({ amountsToClusterAdmin }) => amountsToClusterAdmin),
    ...ranked.filter(({ amountsToClusterAdmin, opens }) => !amountsToClusterAdmin && opens.length > 0),
    ...ranked.filter(({ amountsToClusterAdmin, opens }) => !amountsToClusterAdmin && opens.length === 0),
  ];
}

/** No name and no namespace has a slash in it. */
const keyOf = ({ kind, namespace, name }: GrantReference): string => `${kind}/${namespace ?? ''}/${name}`;
