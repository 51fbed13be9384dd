import type { AuditEventType, Json } from '../model/audit-event.js';
import type { PolicySet } from '../policy/policy-set.js';
import type { IssuanceContext } from './context.js';

/** Puts on record that the service began to serve, with what, and under which policies. */
export function recordServiceStarted(context: IssuanceContext): Promise<void> {
  const policySet = context.policySet();
  return record(context, policySet, 'ServiceStarted', {
    instance: context.owner,
    clusters: [...context.clusters.keys()],
    policySetDigest: policySet.digest,
  });
}

/** Puts on record that another policy set came into force; its texts are kept with its digest. */
export function recordPolicySetLoaded(
  context: IssuanceContext,
  policySet: PolicySet,
  previous: PolicySet,
): Promise<void> {
  return record(context, policySet, 'PolicySetLoaded', {
    policySetDigest: policySet.digest,
    previousPolicySetDigest: previous.digest,
  });
}

async function record(
  { store, clock }: IssuanceContext,
  policySet: PolicySet,
  type: AuditEventType,
  details: { readonly [key: string]: Json },
): Promise<void> {
  const { digest, texts } = policySet;
  await store.writer.commit({
    operations: [{ op: 'rememberPolicySet', digest, texts }],
    events: [{ type, at: clock(), principal: null, cluster: null, requestId: null, fingerprintSha256: null, details }],
  });
}
