import type { BlastRadius, Escalation, EscalationKind, GrantReference } from './blast-radius.js';

/** What a decision looks at of a blast radius, and keeps: what an identity resolves to, without everything it may do. */
export type Privileges = Pick<BlastRadius, 'clusterAdmin' | 'escalations' | 'observedAt'>;

/** How many grants are kept for each thing that they amount to: one is enough to deny, a few to find them. */
const keptGrants = 10;
/** Kubernetes bounds a binding's name by nothing but the size of the object. */
const keptCharacters = 253;

/** In bounded size, however many bindings there are in the cluster and whatever they are called. */
export function privilegesOf({ clusterAdmin, escalations, observedAt }: BlastRadius): Privileges {
  const counts = new Map<EscalationKind, number>();
  const kept: Escalation[] = [];
  for (const { kind, by } of escalations) {
    const count = counts.get(kind) ?? 0;
    if (count < keptGrants) kept.push({ kind, by: withBoundedName(by) });
    counts.set(kind, count + 1);
  }
  return { clusterAdmin: clusterAdmin.slice(0, keptGrants).map(withBoundedName), escalations: kept, observedAt };
}

function withBoundedName(by: GrantReference): GrantReference {
  if (by.kind === 'Group' || by.name.length <= keptCharacters) return by;
  return {
    ...by,
    name: `${Array.from(by.name.slice(0, 2 * keptCharacters))
      .slice(0, keptCharacters)
      .join('')}…`,
  };
}
