import type { IssuanceContext } from '../context/context.js';
import { whyNotPermitted } from '../identity/permissions.js';
import { done, refused, type Outcome, type Refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { certificationRequestOf } from '../signing/certification-request.js';
import { activateIssuer, whyNotUsable, type ActivationOptions } from './activate-issuer.js';
import { findIssuer, lookUpIssuer, type FoundIssuer, issuerConflict, quoted } from './find-issuer.js';
import { issuerPem, type IssuerView, viewIssuer } from './issuer-view.js';
import { probeIssuer, type ProbePorts } from './probe-issuer.js';
import { retireIssuer, type RetirementOptions, whatRetiringLeaves } from './retire-issuer.js';

export type IssuerService = ReturnType<typeof issuerService>;

/** `pem` null: it has no certificate yet, or the configuration does not have it any more. */
export interface ShownIssuer {
  readonly view: IssuerView;
  readonly pem: string | null;
}

/**
 * The CAs of each cluster whose keys kubepass uses. Any principal may see them, as it may see the cluster. Each cluster
 * has one probe or change at a time in a process; changes of other processes conflict.
 */
export function issuerService(context: IssuanceContext, ports: ProbePorts) {
  const inTurn = takeTurns();
  const change = async (
    principal: Principal,
    cluster: string,
    name: string,
    act: (found: FoundIssuer) => Promise<Outcome<unknown>>,
  ): Promise<Outcome<IssuerView>> => {
    const refusal = whyNotPermitted(principal, 'manage-issuers');
    if (refusal !== null) return refusal;
    return inTurn(cluster, async () => {
      const found = await findIssuer(context, cluster, name);
      if (!found.ok) return found;
      const { issuers } = found.value;
      const outcome = await act(found.value).finally(() => issuers.refresh());
      if (!outcome.ok) return outcome;
      const recorded = issuers.recorded().get(name) ?? found.value.recorded;
      return done(await viewIssuer(context, cluster, name, recorded, issuers.loaded(name)));
    });
  };
  return {
    /** In the order of the configuration, and then those that it does not have any more. */
    list: listIssuers.bind(null, context),

    async find(_principal: Principal, cluster: string, name: string): Promise<Outcome<ShownIssuer>> {
      const found = await lookUpIssuer(context, cluster, name);
      if (!found.ok) return found;
      const { recorded, loaded } = found.value;
      const view = await viewIssuer(context, cluster, name, recorded, loaded);
      return done({ view, pem: loaded?.certified ? issuerPem(loaded.certified) : null });
    },

    /** DER of PKCS#10. Throws `SignerUnavailableError` where the key signs nothing now. */
    async certificationRequest(principal: Principal, cluster: string, name: string): Promise<Outcome<Buffer>> {
      const refusal = whyNotPermitted(principal, 'manage-issuers');
      if (refusal !== null) return refusal;
      const found = await findIssuer(context, cluster, name);
      if (!found.ok) return found;
      const { recorded, loaded } = found.value;
      if (loaded === null) return issuerConflict(`the configuration does not have ${quoted(recorded)}`);
      const der = await certificationRequestOf(cluster, loaded, context);
      return der === null ? issuerConflict(`the configuration names no subject for ${quoted(recorded)}`) : done(der);
    },

    probe: (principal: Principal, cluster: string, name: string) =>
      change(principal, cluster, name, async (found) => {
        const { recorded, loaded } = found;
        if (!loaded?.certified) return issuerConflict(`${quoted(recorded)} has no certificate here to sign with`);
        const { certified } = loaded;
        return (
          whyNotUsable(certified, context.clock()) ?? probeIssuer(context, ports, found, certified, principal.name)
        );
      }),

    activate: (principal: Principal, cluster: string, name: string, options: ActivationOptions) =>
      change(
        principal,
        cluster,
        name,
        async (found) =>
          whyNoComment(options.withoutProbe, options.comment, 'withoutProbe') ??
          activateIssuer(context, ports, found, options, principal.name),
      ),

    /** `note`: what the retirement leaves. */
    async retire(principal: Principal, cluster: string, name: string, options: RetirementOptions) {
      const retired = await change(
        principal,
        cluster,
        name,
        async (found) =>
          whyNoComment(options.abandonLive, options.comment, 'abandonLive') ??
          retireIssuer(context, found, options, principal.name),
      );
      return retired.ok ? done({ ...retired.value, note: whatRetiringLeaves }) : retired;
    },
  };
}

async function listIssuers(
  context: IssuanceContext,
  _principal: Principal,
  cluster: string,
): Promise<Outcome<readonly IssuerView[]>> {
  const issuing = context.clusters.get(cluster);
  if (issuing === undefined) return refused({ kind: 'not-found' });
  const { issuers } = issuing;
  if (issuers === null) return done([]);
  await issuers.refresh();
  const recorded = issuers.recorded();
  const names = new Set([...issuers.all().map(({ name }) => name), ...recorded.keys()]);
  const views = [...names].map((name) =>
    viewIssuer(context, cluster, name, recorded.get(name) ?? null, issuers.loaded(name)),
  );
  return done(await Promise.all(views));
}

/** Leaving out a check takes a comment that says why. */
const whyNoComment = (leavesOut: boolean, comment: string | null, option: string): Refused | null =>
  leavesOut && comment === null
    ? refused({ kind: 'invalid-request', errors: [{ pointer: '/comment', message: `is required with ${option}` }] })
    : null;

/** Runs the work of each cluster one after the other. */
function takeTurns() {
  const last = new Map<string, Promise<unknown>>();
  return async <T>(cluster: string, work: () => Promise<T>): Promise<T> => {
    const before = last.get(cluster) ?? Promise.resolve();
    const turn = before.then(work, work);
    last.set(cluster, turn);
    return turn;
  };
}
