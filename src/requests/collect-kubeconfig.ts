import { isCollector, mayReadRequest, whyNotCollect, whyNotPermitted } from '../callers/permissions.js';
import { renderKubeconfig } from '../kubernetes/render-kubeconfig.js';
import type { Certificate } from '../model/certificate.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import { type Outcome, type Refusal, type Refused, done, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { type AskWithoutCsr, resolveAnyAsk } from './resolve-renewal.js';
import { SigningUndeterminedError } from '../signing/signer.js';
import { type KeyPair, encodeCertificates } from '@kubepass/x509';
import { finishAttempt } from './issuance/issue-certificate.js';
import { type StartedAttempt, issuing, keyOfPair, newKeyPair, startAttempt } from './issuance/start-attempt.js';
import { chainOf, type Context, issuingCluster } from '../context/context.js';
import { beginAttempt } from './recheck-policy.js';
import { clusterGone, lapsed, movedOn, stateConflict } from '../context/request-steps.js';
import { type CertificateRequestView, deniedAs, recordAsk, requestOf, roundsOf, viewAtEnd } from './create-request.js';
import type { ClaimedKey } from '../context/idempotency-keys.js';

/** A finished kubeconfig and its request. `yaml` may hold a private key: never log it. */
export interface CollectedKubeconfig {
  readonly request: CertificateRequest;
  readonly certificate: Certificate;
  readonly yaml: string;
}

/** The kubeconfig; or the request, where a person must decide, somebody else collects, or it is not issued yet. */
export type CreatedKubeconfig =
  | { readonly kind: 'collected'; readonly kubeconfig: CollectedKubeconfig }
  | { readonly kind: 'awaiting'; readonly request: CertificateRequest };

/** Request, decision, issuing and kubeconfig in one call, for automated onboarding. */
export async function createKubeconfig(
  context: Context,
  principal: Principal,
  ask: AskWithoutCsr,
  { idempotency }: { readonly idempotency: ClaimedKey | null },
): Promise<Outcome<CreatedKubeconfig>> {
  if (idempotency?.recorded) return goOn(context, principal, idempotency.recorded);
  const resolved = whyNotPermitted(principal, 'request-certificates') ?? (await resolveAnyAsk(context, principal, ask));
  if (!resolved.ok) return resolved;
  const { keyAlgorithm, issuing: issuingFor } = resolved.value;
  // Generated while policy decides, since most often it is needed. An RSA key costs too much to be thrown away.
  let made = keyAlgorithm.startsWith('RSA-') ? null : newKeyPair(keyAlgorithm, principal.name);
  made?.catch(() => undefined);
  const keyPair = () => (made ??= newKeyPair(keyAlgorithm, principal.name));
  for (const rounds = roundsOf(context, resolved.value); ;) {
    const decided = await rounds.decide();
    const asked = await requestOf(context, principal, resolved.value, decided);
    const isCollected = asked.state === 'approved' && isCollector(principal, asked);
    const key = isCollected ? keyOfPair(asked, await keyPair(), issuingFor.signer) : null;
    const started = key && startAttempt(context, asked, key, decided.now);
    const recorded = await recordAsk(context, principal, rounds, { asked, decided, started, idempotency });
    if (recorded === 'again') continue;
    if (!recorded.ok) return recorded;
    if (!started) return done({ kind: 'awaiting', request: recorded.value });
    return collected(await issueAndHandOut(context, principal, recorded.value, started, await keyPair()));
  }
}

/** Goes on with the request that an earlier call with the same key recorded before its answer was lost. */
async function goOn(
  context: Context,
  principal: Principal,
  request: CertificateRequest,
): Promise<Outcome<CreatedKubeconfig>> {
  switch (request.state) {
    case 'denied':
      return refused(deniedAs(request));
    case 'pending':
      return done({ kind: 'awaiting', request });
    case 'approved':
      return isCollector(principal, request)
        ? collected(await collectApproved(context, principal, request))
        : done({ kind: 'awaiting', request });
    case 'issued':
      return refused({ kind: 'key-already-collected', requestId: request.id });
    default:
      return endedOtherwise(request);
  }
}

/** The refusal where the request of an earlier call gives no kubeconfig any more, or not yet. */
const endedOtherwise = (request: CertificateRequest): Refused =>
  refused(
    request.state === 'failed'
      ? { kind: 'issuance-failed', request }
      : stateConflict(request, `the request made with this Idempotency-Key is ${request.state}`),
  );

function collected(outcome: Outcome<CollectedKubeconfig>): Outcome<CreatedKubeconfig> {
  return outcome.ok ? done({ kind: 'collected', kubeconfig: outcome.value }) : outcome;
}

/** Generates the key of an approved request, has it certified, and hands both out, once. */
export async function collectKubeconfig(
  context: Context,
  principal: Principal,
  id: string,
): Promise<Outcome<CollectedKubeconfig>> {
  const request = await context.store.requests.find(id);
  if (request === null || !mayReadRequest(principal, request)) return refused({ kind: 'not-found' });
  return collectApproved(context, principal, request);
}

/** As `collectKubeconfig`, for a request that the principal may read. */
export async function collectApproved(
  context: Context,
  principal: Principal,
  request: CertificateRequest,
): Promise<Outcome<CollectedKubeconfig>> {
  const whyNot = whyNotCollectNow(context, principal, request);
  if (whyNot) return refused(whyNot);

  const keyPair = await newKeyPair(request.keyAlgorithm, principal.name);
  const key = keyOfPair(request, keyPair, issuingCluster(context, request.cluster).signer);
  // Making the key took time.
  const late = lapsed(request, context.clock());
  if (late) return refused(late);
  const begun = await beginAttempt(context, request, key, principal.name);
  if (begun === 'moved on') return refused(movedOn(request));
  return begun.ok ? issueAndHandOut(context, principal, issuing(request, begun.value), begun.value, keyPair) : begun;
}

/** Why the principal may not collect the key of the request now, before policy is asked again; null where it may. */
export function whyNotCollectNow(context: Context, principal: Principal, request: CertificateRequest): Refusal | null {
  const message = whyNotCollect(principal, request);
  if (message !== null) return { kind: 'not-permitted', message };
  if (request.certificationRequest !== null)
    return stateConflict(request, 'the key is with whoever made the csr: there is none to collect');
  if (request.state === 'issued') return { kind: 'key-already-collected', requestId: request.id };
  if (request.state !== 'approved')
    return stateConflict(request, `a key is collected from an approved request, this one is ${request.state}`);
  return clusterGone(context, request) ?? lapsed(request, context.clock());
}

/** Finishes an attempt whose intent is recorded, and puts the key and its certificate into a kubeconfig. */
async function issueAndHandOut(
  context: Context,
  principal: Principal,
  request: CertificateRequest,
  started: StartedAttempt,
  keyPair: KeyPair,
): Promise<Outcome<CollectedKubeconfig>> {
  let yaml = '';
  const render = (certificate: Certificate) => {
    yaml = kubeconfigOf(context, request, certificate, { pem: keyPair.privateKeyPem });
  };
  try {
    const end = await finishAttempt(context, request, started, principal.name, render);
    const { request: ended, certificate } = viewAtEnd(request, end);
    if (certificate !== null) return done({ request: ended, certificate, yaml });
    return refused({ kind: end.kind === 'failed' ? 'issuance-failed' : 'issuance-unavailable', request: ended });
  } catch (error) {
    if (!(error instanceof SigningUndeterminedError)) throw error;
    // Recovery closes the attempt once the cluster answers. The key is lost then, and the request collectable again.
    return refused({ kind: 'issuance-unavailable', request });
  }
}

/** The file of a key that somebody else holds, where they do not name another one. */
export const usualKeyPath = 'client.key';

/** The kubeconfig for whoever sent the csr and holds its key, once the certificate is issued. */
export function kubeconfigForHolder(
  context: Context,
  { request, certificate }: CertificateRequestView,
): Outcome<CreatedKubeconfig> {
  if (certificate !== null) return collected(withKeyPath(context, { request, certificate }, usualKeyPath));
  const isAwaited = ['pending', 'approved', 'issuing'].includes(request.state);
  return isAwaited ? done({ kind: 'awaiting', request }) : endedOtherwise(request);
}

/** A kubeconfig that names the file in which the caller holds the key. */
export function withKeyPath(
  context: Context,
  { request, certificate }: Pick<CollectedKubeconfig, 'request' | 'certificate'>,
  path: string,
): Outcome<CollectedKubeconfig> {
  const gone = clusterGone(context, request);
  if (gone) return refused(gone);
  return done({ request, certificate, yaml: kubeconfigOf(context, request, certificate, { path }) });
}

function kubeconfigOf(
  context: Context,
  request: CertificateRequest,
  certificate: Certificate,
  key: { readonly pem: string } | { readonly path: string },
): string {
  // Defaults of the deciding policy; absent in decisions recorded before policies had them.
  const { namespace = null, contextName = null } = request.decision.kubeconfig ?? {};
  return renderKubeconfig({
    cluster: issuingCluster(context, request.cluster).cluster,
    username: certificate.username,
    contextName,
    namespace: request.namespace ?? namespace,
    certificatePem: encodeCertificates([certificate, ...chainOf(context, certificate)]),
    key,
  });
}
