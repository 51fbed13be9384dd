import type { CertificateRequest } from '../model/certificate-request.js';
import { probeUsername } from '../model/cluster.js';
import type { IssuerState } from '../model/issuer.js';
import { newId } from '../model/new-id.js';
import { type Signer, SigningUndeterminedError } from '../signing/signer.js';
import type { Step } from '../store/steps/step.js';
import { rememberPolicySet } from '../store/tables/policy-set-table.js';
import { insertRequest } from '../store/tables/write-request.js';
import { factsOf, secondsAfter, type Context, type IssuingCluster } from '../context/context.js';
import { attemptDetails, probeDecider, requestedDetails, requestEvent, moveRequest } from '../context/request-steps.js';
import { finishAttempt, type AttemptEnd } from '../requests/issuance/issue-certificate.js';
import { issuerCondition, issuing, startAttempt, keyOfPair, newKeyPair } from '../requests/issuance/start-attempt.js';

/** The result of a probe's request. */
export interface ProbedSigning {
  readonly requestId: string;
  readonly end: AttemptEnd | { readonly kind: 'undetermined'; readonly reason: string };
  /** The private key of the certificate; it lives as long as the probe. */
  readonly privateKeyPem: string;
}

/**
 * Asks for a certificate in the way of every request: recorded with its decision and the intent of its attempt, signed,
 * checked, put into the inventory. Policies are not asked: the decision is built in. `actor` null: kubepass itself.
 * `signer`: the one that is tried out; `states`: those in which its issuer may be.
 */
export async function issueProbeCertificate(
  context: Context,
  issuingFor: IssuingCluster,
  expirationSeconds: number,
  actor: string | null,
  signer: Signer = issuingFor.signer,
  states: readonly IssuerState[] = ['active'],
): Promise<ProbedSigning> {
  const keyPair = await newKeyPair('ECDSA-P256');
  const now = context.clock();
  const policySet = context.policySet();
  const approved = probeRequest(context, issuingFor, expirationSeconds, now);
  const key = keyOfPair(approved, keyPair, signer);
  const started = startAttempt(context, approved, key, now, signer);
  const request = issuing(approved, started);
  const step: Step = {
    operations: [...issuerCondition(started, states), rememberPolicySet(policySet), insertRequest(request)],
    events: [
      requestEvent('CertificateRequested', now, actor, request, requestedDetails(request)),
      requestEvent('RequestApproved', now, null, request, {
        approval: 'auto',
        policy: probeDecider,
        policySetDigest: policySet.digest,
      }),
      requestEvent('IssuanceStarted', now, actor, request, attemptDetails(started.attempt)),
    ],
  };
  const recorded = await context.attempts.commitBeginning(context.store, request.id, step, started.signing);
  if (!recorded.committed) throw new Error(`a probe could not be recorded: ${JSON.stringify(recorded.conflict)}`);

  const { privateKeyPem } = keyPair;
  try {
    const end = await finishAttempt(context, request, started, actor);
    if (end.kind === 'abandoned') await cancel(context, request, end.reason);
    return { requestId: request.id, end, privateKeyPem };
  } catch (error) {
    if (!(error instanceof SigningUndeterminedError)) throw error;
    // Recovery closes the attempt; the request then lapses.
    return { requestId: request.id, end: { kind: 'undetermined', reason: error.message }, privateKeyPem };
  }
}

function probeRequest(
  context: Context,
  { cluster }: IssuingCluster,
  expirationSeconds: number,
  now: Date,
): CertificateRequest {
  return {
    id: newId(now, context.random),
    state: 'approved',
    cluster: cluster.name,
    username: probeUsername,
    groups: [],
    keyAlgorithm: 'ECDSA-P256',
    certificationRequest: null,
    publicKey: null,
    expirationSeconds,
    namespace: null,
    reason: 'finding out what the cluster is able to do',
    labels: {},
    requester: { name: probeUsername, groups: [], roles: [] },
    collector: probeUsername,
    createdAt: now,
    // Nobody collects it, so a probe that was cut short expires soon.
    waitsUntil: secondsAfter(now, 600),
    decision: {
      outcome: 'permitted',
      approval: 'auto',
      policy: probeDecider,
      stages: [],
      violations: [],
      facts: factsOf(cluster),
      verdicts: [{ name: probeDecider, verdict: 'permits', reasons: [] }],
      policySetDigest: context.policySet().digest,
      decidedAt: now,
    },
    approvals: [],
    attempt: null,
    fingerprintSha256: null,
    failure: null,
    renewal: null,
  };
}

async function cancel(context: Context, request: CertificateRequest, reason: string): Promise<void> {
  await context.store.writer.commit({
    operations: [moveRequest(request.id, { state: 'approved' }, { state: 'cancelled', waitsUntil: null })],
    events: [requestEvent('RequestCancelled', context.clock(), null, request, { reason })],
  });
}
