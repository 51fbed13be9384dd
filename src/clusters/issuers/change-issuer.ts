import type { Context } from '../../context/context.js';
import { whyNotPermitted } from '../../callers/permissions.js';
import { done, refused, type Outcome, type Refused } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import { findIssuer, type FoundIssuer, issuerConflict } from './find-issuer.js';
import { type IssuerView, viewIssuer } from './issuer-view.js';

/**
 * Probes or changes an issuer, and answers what became of it. Each cluster has one probe or change at a time in a
 * process; changes of other processes conflict.
 */
export async function changeIssuer(
  context: Context,
  principal: Principal,
  cluster: string,
  name: string,
  act: (found: FoundIssuer) => Promise<Outcome<unknown>>,
): Promise<Outcome<IssuerView>> {
  const refusal = whyNotPermitted(principal, 'manage-issuers');
  if (refusal !== null) return refusal;
  const issuers = context.clusters.get(cluster)?.issuers ?? null;
  if (issuers === null) return refused({ kind: 'not-found' });
  return issuers.inTurn(async () => {
    const found = await findIssuer(context, cluster, name);
    if (!found.ok) return found;
    const outcome = await act(found.value).finally(() => issuers.refresh());
    if (!outcome.ok) return outcome;
    const recorded = issuers.recorded().get(name) ?? found.value.recorded;
    return done(await viewIssuer(context, cluster, name, recorded, issuers.loaded(name)));
  });
}

/** Leaving out a check takes a comment that says why. */
export const whyNoComment = (leavesOut: boolean, comment: string | null, option: string): Refused | null =>
  leavesOut && comment === null
    ? refused({ kind: 'invalid-request', errors: [{ pointer: '/comment', message: `is required with ${option}` }] })
    : null;

export const changedMeanwhile = (): Refused =>
  issuerConflict('the issuers of the cluster have changed meanwhile: read them again');
