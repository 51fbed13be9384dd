import type { Requester } from '../model/principal.js';
import { keyAlgorithms } from '@kubepass/x509';
import { hasKeyAlgorithm, hasRsaBits, isEarly, isLate, type PolicySet } from './policy-set.js';
import { fillIn, type Globs, selects } from './selector.js';

/**
 * The policies in force at the instant whose selector the requester meets on one of these clusters, in their order,
 * with all that they offer. Usernames, groups and collectors are globs; `groups` lacks those that only members of a
 * directory group get. Where nobody knows the clusters (null), `clusters` has the globs of the selector.
 */
export function offersTo({ policies }: PolicySet, clusters: readonly string[] | null, requester: Requester, now: Date) {
  const globsIn = ({ patterns }: Pick<Globs, 'patterns'> = { patterns: [] }) =>
    patterns.map((glob) => fillIn(glob, requester.name));
  return policies.flatMap(({ name, selector, allowed, constraints, approval }) => {
    const anywhere = { ...selector, clusters: undefined };
    const met = (clusters ?? selector.clusters?.patterns ?? ['*']).filter((cluster) =>
      selects(clusters === null ? anywhere : selector, cluster, requester),
    );
    if (met.length === 0 || isEarly(constraints, now) || isLate(constraints, now)) return [];
    return {
      policy: name,
      clusters: met,
      usernames: globsIn(allowed.usernames),
      groups: globsIn(allowed.groups),
      maxExpirationSeconds: constraints.maxExpirationSeconds ?? null,
      keyAlgorithms: keyAlgorithms.filter((key) => hasKeyAlgorithm(constraints, key) && hasRsaBits(constraints, key)),
      approval: approval.mode,
      stages: approval.mode === 'manual' ? approval.stages : [],
      reason: { required: constraints.reason !== undefined, pattern: constraints.reason?.pattern?.text ?? null },
      collectors: globsIn(allowed.collectors ?? { patterns: [requester.name] }),
    };
  });
}
