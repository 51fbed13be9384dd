import type { IssuingCluster, Log } from '../context/context.js';
import { configuredCluster, type ConfiguredCluster, type PolicySet } from '../policy/policy-set.js';
import { loadPolicySet, watchPolicySet, type PolicySetWatch } from '../policy/load-policy-set.js';
import type { UnsafeSettings } from '../model/unsafe-setting.js';
import { unsafeSettings } from '../policy/unsafe-settings.js';
import type { Runtime } from './runtime.js';

export interface PoliciesInForce extends PolicySetWatch {
  /** When the set came into force. */
  since(): Date;
  /** Where safety is off with it, by the cluster. */
  readonly unsafe: () => UnsafeSettings;
}

/**
 * Loads the policies, and keeps them equal to their files. `record` puts each change on record. Throws where they do
 * not validate at the start; later those in force stay.
 */
export async function openPolicies(
  { config, overrides, clock, log, metrics, closings }: Runtime,
  issuing: readonly IssuingCluster[],
  record: (policySet: PolicySet, previous: PolicySet) => Promise<void>,
): Promise<PoliciesInForce> {
  const clusters = issuing.map(({ cluster }) => configuredCluster(cluster));
  const { policiesDir } = config;
  const settings = { clusters: config.clusters, tokensAreAdmins: config.callers.apiTokens.admins };
  let unsafe: UnsafeSettings = new Map();
  const warn = (policySet: PolicySet) => {
    warnIfEmpty(policySet, policiesDir, log);
    unsafe = Map.groupBy(unsafeSettings(policySet, settings), ({ cluster }) => cluster);
    for (const { cluster, message } of [...unsafe.values()].flat()) log.warn({ cluster }, message);
  };
  const initial = await loadPolicies(policiesDir, clusters, log);
  warn(initial);
  let since = clock();
  const watch = watchPolicySet({
    directory: policiesDir,
    clusters,
    initial,
    ...(overrides.policyRoundMilliseconds !== undefined && { intervalMilliseconds: overrides.policyRoundMilliseconds }),
    onChange(policySet, previous) {
      since = clock();
      log.info({ digest: policySet.digest, previousDigest: previous.digest }, 'other policies are in force');
      warn(policySet);
      record(policySet, previous).catch((error: unknown) => {
        log.error({ err: error }, 'the change of policies could not be put on record');
      });
    },
    onErrors(errors) {
      metrics.policiesRejected();
      log.error({ errors }, 'the policies were changed and do not validate: those in force stay');
    },
    onMended({ policies, guardrails, digest }) {
      const count = { policies: policies.length, guardrails: guardrails.length };
      log.info({ ...count, digest }, 'policies are in force again: the files validate');
    },
  });
  closings.push(() => watch.stop());
  return { ...watch, since: () => since, unsafe: () => unsafe };
}

async function loadPolicies(policiesDir: string, clusters: readonly ConfiguredCluster[], log: Log): Promise<PolicySet> {
  const loaded = await loadPolicySet(policiesDir, { clusters });
  if (!loaded.ok) throw new Error(`the policies cannot be loaded:\n${loaded.errors.map((e) => `  ${e}`).join('\n')}`);
  const { policies, guardrails, digest } = loaded.policySet;
  log.info({ policies: policies.length, guardrails: guardrails.length, digest }, 'policies in force');
  return loaded.policySet;
}

function warnIfEmpty({ policies }: PolicySet, policiesDir: string, log: Log): void {
  if (policies.length === 0) log.warn({ policiesDir }, 'there is no policy: every request is denied');
}
