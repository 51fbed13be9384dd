import { quoteAll } from '@kubepass/inspect/formats';
import type { Cluster } from '../model/cluster.js';
import type { UnsafeSetting } from '../model/unsafe-setting.js';
import { longestDefaultSeconds, type PolicySet } from './policy-set.js';

interface Settings {
  readonly clusters: readonly Pick<Cluster, 'name' | 'revocation'>[];
  /** Whether API tokens may hold the roles that are for people. */
  readonly tokensAreAdmins: boolean;
}

/** Finds where safety is off. Each is permitted: nobody knows here what else protects the clusters. */
export function unsafeSettings(
  policySet: PolicySet,
  { clusters, tokensAreAdmins }: Settings,
): readonly UnsafeSetting[] {
  return [
    ...clusters.flatMap((cluster) => neverRefused(policySet, cluster)),
    ...(tokensAreAdmins ? approvedByOne(policySet) : []),
  ];
}

/** Certificates of more than a day, where the cluster goes on to accept those that are revoked. */
function neverRefused({ policies }: PolicySet, { name, revocation }: Settings['clusters'][number]): UnsafeSetting[] {
  if (revocation.mode !== 'none') return [];
  const long = policies.filter(
    ({ selector, constraints }) =>
      selector.clusters?.matches(name) !== false &&
      (constraints.maxExpirationSeconds ?? Infinity) > longestDefaultSeconds,
  );
  if (long.length === 0) return [];
  const message =
    `cluster ${name} refuses no revoked certificate, and more than a day is permitted there by ${quoteAll(namesOf(long))}: ` +
    `set revocation.mode, or maxExpirationSeconds: ${String(longestDefaultSeconds)}`;
  return [{ cluster: name, message }];
}

/** An admin's token makes others, with any groups, so its holder alone may be all the people whom a policy needs. */
function approvedByOne({ policies, guardrails }: PolicySet): UnsafeSetting[] {
  const byGroups = [...policies, ...guardrails].filter(
    ({ approval }) => approval && 'stages' in approval && approval.stages.some(({ approvers }) => approvers?.groups),
  );
  if (byGroups.length === 0) return [];
  const message =
    `whoever holds an admin's API token can give every approval of ${quoteAll(namesOf(byGroups))} alone, with tokens that ` +
    'they make: callers.apiTokens.admins: false ends that';
  return [{ cluster: null, message }];
}

const namesOf = (rules: readonly { readonly name: string }[]): readonly string[] => rules.map(({ name }) => name);
