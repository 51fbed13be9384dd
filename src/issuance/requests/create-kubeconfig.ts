import { done, refused, type Outcome } from '../../model/outcome.js';
import type { CertificateRequest } from '../../model/certificate-request.js';
import type { Principal } from '../../model/principal.js';
import type { CertificateRequestAsk, CollectedKubeconfig, IdempotencyToken } from '../../services.js';
import { collectApproved, issueAndHandOut } from './collect-kubeconfig.js';
import type { IssuanceContext } from '../context.js';
import { decideAndRecord, deniedAs, mayAsk } from './create-request.js';
import { keyOfPair, newKeyPair } from '../attempts/key-to-certify.js';
import { resolveAsk } from './resolve-ask.js';
import { stateConflict } from './state-conflict.js';

/** The kubeconfig, or the request where a person must decide or somebody else collects. */
export type CreatedKubeconfig =
  | { readonly kind: 'collected'; readonly kubeconfig: CollectedKubeconfig }
  | { readonly kind: 'awaiting'; readonly request: CertificateRequest };

/** Request, decision, issuing and kubeconfig in one call, for automated onboarding. */
export function createKubeconfig(
  context: IssuanceContext,
  principal: Principal,
  ask: CertificateRequestAsk,
  { idempotency }: { readonly idempotency: IdempotencyToken | null },
): Promise<Outcome<CreatedKubeconfig>> {
  return context.idempotencyKeys.run(
    principal,
    idempotency,
    () => createFirst(context, principal, ask, idempotency),
    (request) => goOn(context, principal, request),
  );
}

async function createFirst(
  context: IssuanceContext,
  principal: Principal,
  ask: CertificateRequestAsk,
  idempotency: IdempotencyToken | null,
): Promise<Outcome<CreatedKubeconfig>> {
  const notPermitted = mayAsk(principal);
  if (notPermitted) return notPermitted;
  if (ask.csr !== undefined) {
    const message = 'a key is generated here: with a csr, ask at /v1/certificate-requests';
    return refused({ kind: 'invalid-request', errors: [{ pointer: '/csr', message }] });
  }
  const resolved = await resolveAsk(context, ask, principal.name);
  if (!resolved.ok) return resolved;
  const { keyAlgorithm, issuing } = resolved.value;
  // Made while policy decides: most often it is wanted. An RSA key costs too much to be thrown away.
  let made = keyAlgorithm.startsWith('RSA-') ? null : newKeyPair(keyAlgorithm);
  made?.catch(() => undefined);
  const keyPair = () => (made ??= newKeyPair(keyAlgorithm));
  const recorded = await decideAndRecord(context, principal, resolved.value, idempotency, async (request) =>
    request.collector === principal.name ? keyOfPair(request, await keyPair(), issuing.signer) : null,
  );
  if (!recorded.ok) return recorded;
  const { request, started } = recorded.value;
  if (started === null) return done({ kind: 'awaiting', request });
  return collected(await issueAndHandOut(context, principal, request, started, await keyPair()));
}

/** Goes on with the request that an earlier call with the same key recorded before its answer was lost. */
async function goOn(
  context: IssuanceContext,
  principal: Principal,
  request: CertificateRequest,
): Promise<Outcome<CreatedKubeconfig>> {
  switch (request.state) {
    case 'denied':
      return refused(deniedAs(request));
    case 'pending':
      return done({ kind: 'awaiting', request });
    case 'approved':
      return request.collector === principal.name
        ? collected(await collectApproved(context, principal, request))
        : done({ kind: 'awaiting', request });
    case 'issued':
      return refused({ kind: 'key-already-collected', requestId: request.id });
    case 'failed':
      return refused({ kind: 'issuance-failed', request });
    default:
      return refused(stateConflict(request, `the request made with this Idempotency-Key is ${request.state}`));
  }
}

function collected(outcome: Outcome<CollectedKubeconfig>): Outcome<CreatedKubeconfig> {
  return outcome.ok ? done({ kind: 'collected', kubeconfig: outcome.value }) : outcome;
}
