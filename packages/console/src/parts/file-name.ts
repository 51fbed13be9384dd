/** Names of files that a page saves, and lines for a shell about them. All are pure. */

/**
 * The file of a kubeconfig: `USERNAME@CLUSTER.kubeconfig`. Whatever a file system or a shell reads as something else
 * becomes `_`, and so does a dot or a hyphen at the front.
 */
export const kubeconfigName = (username: string, cluster: string): string =>
  `${safe(username)}@${safe(cluster)}.kubeconfig`;

/** Letters, digits and `@._+-`: one path segment on every system, without marks that turn the direction of text. */
export const safe = (name: string): string =>
  name.replace(/[^\p{L}\p{M}\p{N}@._+-]/gu, '_').replace(/^[.-]+/, (front) => '_'.repeat(front.length));

/** A text as one word of a POSIX shell; quoted only where it needs that. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
