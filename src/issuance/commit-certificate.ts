import type { Certificate } from '../model/certificate.js';
import { foldedName } from '@kubepass/inspect/formats';
import { blocks } from '../model/identity.js';
import type { Requester } from '../model/principal.js';
import type { Step } from '../store/steps/step.js';
import type { IssuanceContext } from '../context/context.js';
import { isLostMeanwhile, lossRevocation } from '../access/directory-facts.js';
import { revocationBy, revocationSteps } from '../access/revocations.js';

/**
 * Commits a step that records a certificate; false where something else conflicts. Where its username was blocked since
 * signing began, the certificate is revoked in the same commit: so a block holds for what was under way, on every replica.
 * It is the same where its bearer lost one of its groups. A loss that comes later sees the request, or its certificate.
 */
export async function commitCertificate(
  context: IssuanceContext,
  certificate: Certificate,
  requester: Requester,
  { operations, events }: Step,
): Promise<boolean> {
  const { store, clock } = context;
  const { cluster } = certificate;
  const isLost = await isLostMeanwhile(context, certificate, requester);
  const lost = isLost
    ? revocationSteps(context, [certificate], lossRevocation(byItself, clock()))
    : { operations: [], events: [] };
  const folded = foldedName(certificate.username);
  for (;;) {
    const now = clock();
    const unblocked = { op: 'requireUnblocked', cluster, folded: [folded, folded, folded], now } as const;
    const result = await store.writer.commit({
      operations: [unblocked, ...operations, ...lost.operations],
      events: [...events, ...lost.events],
    });
    if (result.committed || result.conflict.kind !== 'blocked') return result.committed;
    const [block] = await store.identityBlocks.find([folded]);
    if (block === undefined || !blocks(block, cluster, now)) continue;
    const revoked = revocationSteps(context, [certificate], revocationBy(block, now));
    return (
      await store.writer.commit({
        operations: [...operations, ...revoked.operations],
        events: [...events, ...revoked.events],
      })
    ).committed;
  }
}

/** The principal in the log where nobody else revokes it. */
const byItself = 'kubepass';
