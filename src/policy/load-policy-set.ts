import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfiguredCluster } from './configured-cluster.js';
import { digestOf, parsePolicySet, type PolicySetResult } from './parse-policy-set.js';
import { readPolicyFiles, type PolicyFiles } from './read-policy-files.js';

export interface LoadOptions {
  /** Those that are configured: a guardrail may ask of one what cannot be found out there. */
  readonly clusters?: readonly ConfiguredCluster[];
  /** Between two readings. Default: 100. */
  readonly pauseMilliseconds?: number;
}

/** A directory that differs from reading to reading for so long is being written to, and is not loaded. */
const maxReadings = 20;

/**
 * The policy set that stands in a directory, or everything that is wrong with it. A directory without policy files is
 * an empty set, which denies everything; a directory that is not there is an error. The files count once two readings
 * in a row agree: while one is being written, or a mounted ConfigMap is swapped, they do not.
 */
export async function loadPolicySet(
  directory: string,
  { clusters = [], pauseMilliseconds = 100 }: LoadOptions = {},
): Promise<PolicySetResult> {
  let files = await readPolicyFiles(directory);
  for (let readings = 1; readings < maxReadings; readings++) {
    await sleep(pauseMilliseconds);
    const again = await readPolicyFiles(directory);
    if (readingOf(again) === readingOf(files)) return files.ok ? parsePolicySet(files.texts, clusters) : files;
    files = again;
  }
  return { ok: false, errors: [`${directory}: the policies are being written to`] };
}

/** The same for two readings that found the same: a digest, or the errors of reading. */
export function readingOf(files: PolicyFiles): string {
  return files.ok ? digestOf(files.texts) : files.errors.join('\n');
}
