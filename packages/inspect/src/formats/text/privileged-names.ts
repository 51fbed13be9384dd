const ascii = /^[\0-\x7f]*$/;

/**
 * A name without the differences that people overlook, and directories and authorizers may: case, and compatibility
 * forms of letters. Close to toNFKC_Casefold (Unicode 3.13); lower case alone would keep `ß` apart from `ss`.
 */
export function foldedName(name: string): string {
  if (ascii.test(name)) return name.toLowerCase();
  return name.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
}

/**
 * Whether two names are, or may be taken for, those of one person. It is for refusals alone: a right belongs to exactly
 * one name. So each errs on the safe side.
 */
export const isSamePerson = (one: string, other: string): boolean =>
  one === other || foldedName(one) === foldedName(other);

/** Prefixes that a cluster's own machinery reserves and binds: kubeadm's groups, and EKS's users and groups. */
const reservedPrefixes = ['kubeadm:', 'eks:'];

/**
 * Names that mean nothing to Kubernetes itself. The first two are commonly bound to cluster-admin. The third is the
 * common name of the aggregation layer's client certificate (kubeadm, EKS): where an API server trusts one CA both for
 * clients and for that proxy, the holder of its key can act as every user through `X-Remote-User`.
 */
const privilegedNames = ['cluster-admin', 'cluster-admins', 'front-proxy-client'];

/**
 * Kubernetes' own namespace of users and groups: `system:masters`, `system:node:…`. Kubernetes compares names byte by
 * byte, so `System:masters` gains nothing there. But people read it, and authorizers and directories beside the cluster
 * fold case. So a name that folds to a reserved name counts as that name, here and below.
 */
export const isSystemName = (name: string): boolean => foldedName(name).startsWith('system:');

/**
 * Whether clusters give privileges to a username or group of this name, by their own machinery, or commonly by those
 * who set them up.
 */
export function isPrivilegedName(name: string): boolean {
  const folded = foldedName(name);
  return reservedPrefixes.some((prefix) => folded.startsWith(prefix)) || privilegedNames.includes(folded);
}
