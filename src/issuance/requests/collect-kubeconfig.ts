import { mayCollect, mayReadRequest } from '../../identity/permissions.js';
import { renderKubeconfig } from '../../formats/kubeconfig/render-kubeconfig.js';
import type { Certificate } from '../../model/certificate.js';
import type { CertificateRequest } from '../../model/certificate-request.js';
import { done, refused, type Outcome } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { KeyPair } from '../../x509/strict/key-pair.js';
import { encodePem } from '../../x509/strict/pem.js';
import type { CollectedKubeconfig } from '../../services.js';
import { SigningUndeterminedError } from '../../signer/signer.js';
import { issuingCluster, type IssuanceContext } from '../context.js';
import { finishAttempt, type AttemptEnd } from '../attempts/issue-certificate.js';
import { keyOfPair, newKeyPair } from '../attempts/key-to-certify.js';
import { recheckAndCommit } from '../policies/recheck-policy.js';
import { clusterGone, lapsed, movedOn, stateConflict } from './state-conflict.js';
import { viewAtEnd } from './request-view.js';
import { intentStep, startAttempt, type StartedAttempt } from '../attempts/start-attempt.js';

/** Generates the key of an approved request, has it certified, and hands both out, once. */
export async function collectKubeconfig(
  context: IssuanceContext,
  principal: Principal,
  id: string,
): Promise<Outcome<CollectedKubeconfig>> {
  const request = await context.store.requests.find(id);
  if (request === null || !mayReadRequest(principal, request)) return refused({ kind: 'not-found' });
  if (!mayCollect(principal, request))
    return refused({
      kind: 'not-permitted',
      message: `only ${JSON.stringify(request.collector)} may collect this key`,
    });
  return collectApproved(context, principal, request);
}

/** As `collectKubeconfig`, for a request that the principal is known to collect. */
export async function collectApproved(
  context: IssuanceContext,
  principal: Principal,
  request: CertificateRequest,
): Promise<Outcome<CollectedKubeconfig>> {
  if (request.certificationRequest !== null)
    return refused(stateConflict(request, 'the key is with whoever made the csr: there is none to collect'));
  if (request.state === 'issued') return refused({ kind: 'key-already-collected', requestId: request.id });
  if (request.state !== 'approved')
    return refused(stateConflict(request, `a key is collected from an approved request, this one is ${request.state}`));
  const gone = clusterGone(context, request);
  if (gone) return refused(gone);

  const keyPair = await newKeyPair(request.keyAlgorithm);
  const key = keyOfPair(request, keyPair, issuingCluster(context, request.cluster).signer);
  const late = lapsed(request, context.clock());
  if (late) return refused(late);
  const rechecked = await recheckAndCommit(context, request, principal.name, (now) => {
    const started = startAttempt(context, request, key, now);
    return { step: intentStep(request, started, principal.name), prepared: started };
  });
  switch (rechecked.kind) {
    case 'movedOn':
      return refused(movedOn(request));
    case 'denied':
      return refused({ ...rechecked, kind: 'policy-denied' });
    case 'committed':
      return issueAndHandOut(context, principal, { ...request, state: 'issuing' }, rechecked.prepared, keyPair);
  }
}

/** Finishes an attempt whose intent is on disk and puts the key and its certificate into a kubeconfig. */
export async function issueAndHandOut(
  context: IssuanceContext,
  principal: Principal,
  request: CertificateRequest,
  started: StartedAttempt,
  keyPair: KeyPair,
): Promise<Outcome<CollectedKubeconfig>> {
  try {
    const end = await finishAttempt(context, request, started, principal.name);
    return kubeconfigAtEnd(context, request, end, keyPair);
  } catch (error) {
    if (!(error instanceof SigningUndeterminedError)) throw error;
    // Recovery closes the attempt once the cluster answers: its key is lost, and the request collectable again.
    return refused({ kind: 'issuance-unavailable', request });
  }
}

function kubeconfigAtEnd(
  context: IssuanceContext,
  before: CertificateRequest,
  end: AttemptEnd,
  keyPair: KeyPair,
): Outcome<CollectedKubeconfig> {
  const { request, certificate } = viewAtEnd(before, end);
  if (certificate !== null)
    return done({
      request,
      certificate,
      yaml: kubeconfigOf(context, request, certificate, { pem: keyPair.privateKeyPem }),
    });
  return refused({ kind: end.kind === 'failed' ? 'issuance-failed' : 'issuance-unavailable', request });
}

export function kubeconfigOf(
  context: IssuanceContext,
  request: CertificateRequest,
  certificate: Certificate,
  key: { readonly pem: string } | { readonly path: string },
): string {
  // The defaults of the policy that decided; absent where it did before policies had them.
  const { namespace = null, contextName = null } = request.decision.kubeconfig ?? {};
  return renderKubeconfig({
    cluster: issuingCluster(context, request.cluster).cluster,
    username: certificate.username,
    contextName,
    namespace: request.namespace ?? namespace,
    certificatePem: encodePem('CERTIFICATE', certificate.der),
    key,
  });
}
