import type { Context } from '../context/context.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import { type Refusal, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { whyNotCollectNow } from './collect-kubeconfig.js';
import { turnNow, whyNotCancel, whyNotDecideNow, whyNotDeny } from './decide-request.js';
import { whyNotPermittedNow } from './recheck-policy.js';

/** The refusal that each call about a request would have now; null: the caller may do it. */
export type RequestActions = Readonly<Record<'approve' | 'deny' | 'cancel' | 'collect', Refusal | null>>;

/**
 * A principal who may read the request is told what it may do with it. The functions are those that the calls ask, so
 * both agree, and nothing is recorded. Policy is asked where nothing else refuses, as the last approval and the
 * collection ask it again.
 */
export async function actionsOn(
  context: Context,
  principal: Principal,
  request: CertificateRequest,
): Promise<RequestActions> {
  const undecidable = await whyNotDecideNow(context, principal, request);
  const found = undecidable ? refused(undecidable) : await turnNow(context, principal, request);
  return {
    approve: found.ok ? (found.value.turn.last ? await whyNotPermittedNow(context, request) : null) : found.refusal,
    deny: undecidable ?? whyNotDeny(principal, request),
    cancel: whyNotCancel(principal, request),
    collect: whyNotCollectNow(context, principal, request) ?? (await whyNotPermittedNow(context, request)),
  };
}
