import type { ApprovalStage } from '../model/decision.js';
import type { Requester } from '../model/principal.js';
import { type KeyAlgorithm, keyAlgorithms } from '@kubepass/x509';
import { hasKeyAlgorithm, hasRsaBits, isEarly, isLate, type PolicySet } from './policy-set.js';
import { fillIn, type Globs, selects } from './selector.js';

/** A policy offers a requester to ask for this. Usernames, groups and collectors are globs. */
export interface PolicyOffer {
  readonly policy: string;
  /** Names. */
  readonly clusters: readonly string[];
  readonly usernames: readonly string[];
  /** Without those that only members of a directory group get. */
  readonly groups: readonly string[];
  /** Null: any lifetime. */
  readonly maxExpirationSeconds: number | null;
  readonly keyAlgorithms: readonly KeyAlgorithm[];
  readonly approval: 'auto' | 'manual';
  readonly stages: readonly ApprovalStage[];
  readonly reason: { readonly required: boolean; readonly pattern: string | null };
  readonly collectors: readonly string[];
}

/** The policies in force at the instant whose selector the requester meets on one of these clusters, in their order. */
export function offersTo(
  { policies }: PolicySet,
  clusters: readonly string[],
  requester: Requester,
  now: Date,
): readonly PolicyOffer[] {
  const globsIn = ({ patterns }: Pick<Globs, 'patterns'> = { patterns: [] }) =>
    patterns.map((glob) => fillIn(glob, requester.name));
  return policies.flatMap(({ name, selector, allowed, constraints, approval }) => {
    const met = clusters.filter((cluster) => selects(selector, cluster, requester));
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
