import type { CertificateRequest } from '../model/certificate-request.js';
import type { IssuanceContext } from './context.js';
import { abandonAttempt, finishAttempt, intentStep, startAttempt } from './issue-certificate.js';
import { recordedKey } from './key-to-certify.js';
import { noLongerPermittedStep, violationsNow } from './recheck-policy.js';

/**
 * Finishes what was left: attempts whose process died or could not record their end are closed, and approved
 * requests that came with a CSR are issued. Runs at start and then every few seconds. `ownersAreDead`: no other
 * process can be alive on this store (the lock of the data dir says so), so leases need not run out first.
 */
export async function recoverRequests(context: IssuanceContext, ownersAreDead: boolean): Promise<void> {
  for (const request of await context.store.requests.unfinished()) {
    if (context.running.has(request.id)) continue;
    try {
      await recoverRequest(context, request, ownersAreDead);
    } catch (error) {
      context.log.error({ err: error, requestId: request.id }, 'a request could not be recovered now');
    }
  }
}

async function recoverRequest(
  context: IssuanceContext,
  request: CertificateRequest,
  ownersAreDead: boolean,
): Promise<void> {
  const approved = request.state === 'issuing' ? await takeBack(context, request, ownersAreDead) : request;
  if (approved === null || approved.certificationRequest === null) return;
  const key = await recordedKey(approved);
  if (key === null) return;
  const now = context.clock();
  const violations = violationsNow(context, approved, now);
  if (violations.length > 0) {
    await context.store.writer.commit(noLongerPermittedStep(approved, violations, now, null));
    return;
  }
  const started = startAttempt(context, approved, key, now);
  if (!(await context.store.writer.commit(intentStep(approved, started, null))).committed) return;
  await finishAttempt(context, { ...approved, state: 'issuing' }, started, null);
}

/** Closes the attempt of an `issuing` request that nobody works on; null where somebody may still do. */
async function takeBack(
  context: IssuanceContext,
  request: CertificateRequest,
  ownersAreDead: boolean,
): Promise<CertificateRequest | null> {
  const { attempt } = request;
  if (attempt === null) throw new Error(`request ${request.id} is issuing without an attempt`);
  const nobodyWorksOnIt = attempt.owner === context.owner || ownersAreDead || attempt.leaseUntil < context.clock();
  if (!nobodyWorksOnIt) return null;
  await abandonAttempt(context, request, attempt, 'ProcessDied');
  return context.store.requests.find(request.id);
}
