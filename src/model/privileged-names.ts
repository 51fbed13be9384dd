/** Prefixes that a cluster's own machinery reserves and binds: kubeadm's groups, and EKS's users and groups. */
const reservedPrefixes = ['kubeadm:', 'eks:'];

/** The names under which clusters are commonly handed over whole. They mean nothing to Kubernetes itself. */
const privilegedGroups = ['cluster-admin', 'cluster-admins'];

/**
 * The common name of the aggregation layer's client certificate (kubeadm, EKS): where an API server trusts one CA
 * both for clients and for that proxy, its bearer speaks as any user through `X-Remote-User`.
 */
const privilegedUsernames = ['front-proxy-client'];

/**
 * Kubernetes compares names byte by byte, so `System:masters` gains nothing there; but people read it, and
 * authorizers and directories beside the cluster fold case. What folds to a reserved name is taken for it.
 */
const folded = (name: string): string => name.normalize('NFKC').toLowerCase();

const hasReservedPrefix = (name: string): boolean => reservedPrefixes.some((prefix) => name.startsWith(prefix));

/** Kubernetes' own namespace of users and groups: `system:masters`, `system:node:…`. */
export const isSystemName = (name: string): boolean => folded(name).startsWith('system:');

/** A username that a component of a cluster bears. */
export function isPrivilegedUsername(username: string): boolean {
  const name = folded(username);
  return hasReservedPrefix(name) || privilegedUsernames.includes(name);
}

/** A group that is bound to privileges by whoever set the cluster up, or commonly is. */
export function isPrivilegedGroup(group: string): boolean {
  const name = folded(group);
  return hasReservedPrefix(name) || privilegedGroups.includes(name);
}
