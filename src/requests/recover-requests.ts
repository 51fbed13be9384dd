import type { CertificateRequest, IssuanceAttempt } from '../model/certificate-request.js';
import { readIssuedCertificate } from './issuance/check-issued-certificate.js';
import { issuingCluster, secondsAfter, type Context } from '../context/context.js';
import { abandonAttempt, finishAttempt } from './issuance/issue-certificate.js';
import { issuing, resumeAttempt, takeoverStep, recordedKey, type KeyToCertify } from './issuance/start-attempt.js';
import { conditionsOf } from './decision-rounds.js';
import { beginAttempt, whyNotPermittedNow } from './recheck-policy.js';
import { lapsed } from '../context/request-steps.js';

/**
 * How many requests are recovered at the same time: so many of all signers without a cluster, and so many of each
 * cluster.
 */
const atTheSameTime = 32;

interface RecoveryOptions {
  /** Asked before each request: once it is true, no more are begun. */
  readonly isStopped?: () => boolean;
  /** Whether to log how many there are, and how it went. */
  readonly logged?: boolean;
}

/**
 * Finishes the requests that were left: closes or resumes attempts whose process died or could not record their end,
 * and issues approved requests that came with a CSR. Runs at start and then every few seconds. Resolves when the
 * requests whose signers need no cluster and no agent are done; the others go on beside it, so that a cluster or an
 * agent that is down delays nobody else.
 */
export async function recoverRequests(
  context: Context,
  { isStopped = () => false, logged = false }: RecoveryOptions = {},
): Promise<void> {
  const left = await context.store.requests.unfinished();
  if (logged) context.log.info({ requests: left.length }, 'recovering the requests that were left');
  const local = new Set<Promise<unknown>>();
  let failed = 0;
  for (const request of left) {
    if (isStopped()) break;
    if (context.attempts.has(request.id)) continue;
    const { cluster } = request;
    if (!isLocal(context, request) && context.attempts.recoveriesOf(cluster) >= atTheSameTime) continue;
    const work = recoverRequest(context, request).catch((error: unknown) => {
      failed += 1;
      context.log.error({ err: error, requestId: request.id }, 'a request could not be recovered now');
    });
    const recovery = context.attempts.recover(cluster, request.id, work);
    if (!isLocal(context, request)) continue;
    // Requests that are recovered together share the writer's commits.
    local.add(recovery);
    void recovery.finally(() => local.delete(recovery));
    if (local.size >= atTheSameTime) await Promise.race(local);
  }
  await Promise.all(local);
  if (!logged || isStopped()) return;
  const onClusters = left.filter((request) => !isLocal(context, request)).length;
  context.log.info({ requests: left.length, failed, onClusters }, 'the requests that were left are recovered');
}

/** Whether nothing outside of this process has a part in it: a cluster and an agent may be away, or silent. */
function isLocal(context: Context, { cluster }: CertificateRequest): boolean {
  const found = context.clusters.get(cluster);
  return found?.signer.needsCluster !== true && found?.issuers?.signsByAgent() !== true;
}

async function recoverRequest(context: Context, request: CertificateRequest): Promise<void> {
  const key = await recordedKey(request, context.signatures);
  if (request.state === 'approved') {
    if (key !== null && nextTry(request) <= context.clock()) await issueAgain(context, request, key);
    return;
  }

  const { attempt } = request;
  if (attempt === null) throw new Error(`request ${request.id} is issuing without an attempt`);
  const nobodyWorksOnIt =
    attempt.owner === context.owner || context.soleProcess || attempt.leaseUntil < context.clock();
  if (!nobodyWorksOnIt) return;
  if (key !== null && (await goOn(context, request, attempt, key))) return;
  await giveUpAttempt(context, request, attempt);
  if (key === null) return;
  const approved = await context.store.requests.find(request.id);
  if (approved?.state === 'approved') await issueAgain(context, approved, key);
}

/** Takes the attempt over and finishes it; false where policy no longer permits it, or nothing of it can be found. */
async function goOn(
  context: Context,
  request: CertificateRequest,
  attempt: IssuanceAttempt,
  key: KeyToCertify,
): Promise<boolean> {
  if (await whyNotPermittedNow(context, request)) return false;
  const now = context.clock();
  const resumed = resumeAttempt(context, request, attempt, key, now);
  if (resumed === null) return false;
  const { operations, events } = takeoverStep(request, attempt, resumed, now);
  const result = await context.store.writer.commit({
    operations: [...conditionsOf(request, now), ...operations],
    events,
  });
  if (result.committed) await finishAttempt(context, request, resumed, null);
  return result.committed || !['blocked', 'revocation'].includes(result.conflict.kind);
}

/**
 * Closes the attempt once nothing more gets signed for it. A certificate that was signed meanwhile becomes an orphan.
 */
async function giveUpAttempt(context: Context, request: CertificateRequest, attempt: IssuanceAttempt): Promise<void> {
  const cluster = issuingCluster(context, request.cluster);
  const { certificate, ...left } = await cluster.signer.giveUp(attempt.intent);
  const fields =
    certificate && (await readIssuedCertificate(certificate, request.keyAlgorithm, await cluster.clientTrust()));
  await abandonAttempt(context, request, attempt, 'ProcessDied', fields);
  await left.cleanUp();
}

/** Tries are further and further apart, up to ten minutes: each is recorded, and a cluster may be away for a day. */
function nextTry({ attempt, createdAt }: CertificateRequest): Date {
  if (attempt === null) return createdAt;
  return secondsAfter(attempt.startedAt, Math.min(5 * 2 ** (attempt.number - 1), 600));
}

async function issueAgain(context: Context, approved: CertificateRequest, key: KeyToCertify): Promise<void> {
  if (lapsed(approved, context.clock())) return;
  const begun = await beginAttempt(context, approved, key, null);
  if (begun === 'moved on' || !begun.ok) return;
  await finishAttempt(context, issuing(approved, begun.value), begun.value, null);
}
