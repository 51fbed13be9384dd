import type { Config } from '../config/config.js';
import type { Log } from '../issuance/context.js';
import type { ConfiguredCluster, PolicySet } from '../policy/policy-set.js';
import { loadPolicySet } from '../policy/load-policy-set.js';
import { watchPolicySet, type PolicySetWatch } from '../policy/watch-policy-set.js';

export interface PoliciesInForce extends PolicySetWatch {
  /** When the set came into force. */
  since(): Date;
}

export async function loadPolicies(
  { policiesDir }: Config,
  clusters: readonly ConfiguredCluster[],
  log: Log,
): Promise<PolicySet> {
  const loaded = await loadPolicySet(policiesDir, { clusters });
  if (!loaded.ok) throw new Error(`the policies cannot be loaded:\n${loaded.errors.map((e) => `  ${e}`).join('\n')}`);
  const { policies, guardrails, digest } = loaded.policySet;
  log.info({ policies: policies.length, guardrails: guardrails.length, digest }, 'policies in force');
  if (policies.length === 0) log.warn({ policiesDir }, 'there is no policy: every request is denied');
  return loaded.policySet;
}

export function watchPolicies(
  { policiesDir }: Config,
  clusters: readonly ConfiguredCluster[],
  initial: PolicySet,
  log: Log,
  {
    record,
    onRejected,
    clock,
    ...options
  }: {
    /** Puts the change on record. */
    readonly record: (policySet: PolicySet, previous: PolicySet) => Promise<void>;
    /** Is told of each change that does not validate. */
    readonly onRejected: () => void;
    readonly clock: () => Date;
    readonly intervalMilliseconds?: number;
  },
): PoliciesInForce {
  let since = clock();
  const watch = watchPolicySet({
    ...options,
    directory: policiesDir,
    clusters,
    initial,
    onChange(policySet, previous) {
      since = clock();
      log.info({ digest: policySet.digest, previousDigest: previous.digest }, 'other policies are in force');
      record(policySet, previous).catch((error: unknown) => {
        log.error({ err: error }, 'the change of policies could not be put on record');
      });
    },
    onErrors(errors) {
      onRejected();
      log.error({ errors }, 'the policies were changed and do not validate: those in force stay');
    },
  });
  return { ...watch, since: () => since };
}
