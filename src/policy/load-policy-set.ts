import type { ConfiguredCluster } from './configured-cluster.js';
import { parsePolicySet, type PolicySetResult } from './parse-policy-set.js';
import { readPolicyFiles } from './read-policy-files.js';

/**
 * The policy set that stands in a directory, or everything that is wrong with it. A directory without policy files is
 * an empty set, which denies everything; a directory that is not there is an error.
 */
export async function loadPolicySet(
  directory: string,
  clusters: readonly ConfiguredCluster[] = [],
): Promise<PolicySetResult> {
  const files = await readPolicyFiles(directory);
  return files.ok ? parsePolicySet(files.texts, clusters) : files;
}
