import { auditEvent, type AuditEventDraft } from '../model/audit-event.js';
import type { PolicySet } from '../policy/policy-set.js';
import type { IssuanceContext } from './context.js';

/** Records that the service began to serve, with which clusters and policies. */
export function recordServiceStarted(context: IssuanceContext): Promise<void> {
  const policySet = context.policySet();
  const details = {
    instance: context.owner,
    clusters: [...context.clusters.keys()],
    policySetDigest: policySet.digest,
  };
  return record(context, policySet, auditEvent('ServiceStarted', context.clock(), null, details));
}

/** Records that another policy set came into force; its texts are kept with its digest. */
export function recordPolicySetLoaded(
  context: IssuanceContext,
  policySet: PolicySet,
  previous: PolicySet,
): Promise<void> {
  const details = { policySetDigest: policySet.digest, previousPolicySetDigest: previous.digest };
  return record(context, policySet, auditEvent('PolicySetLoaded', context.clock(), null, details));
}

async function record({ store }: IssuanceContext, policySet: PolicySet, event: AuditEventDraft): Promise<void> {
  const { digest, texts } = policySet;
  await store.writer.commit({ operations: [{ op: 'rememberPolicySet', digest, texts }], events: [event] });
}
