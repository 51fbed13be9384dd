import type { Context } from '../../context/context.js';
import { announce } from '../../context/request-steps.js';
import { auditEvent } from '../../model/audit-event.js';
import { done, refused, type Outcome } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import { changedMeanwhile, changeIssuer, whyNoComment } from './change-issuer.js';
import { type FoundIssuer, issuerConflict, quoted } from './find-issuer.js';
import { fingerprintOf, type IssuerView } from './issuer-view.js';
import { moveIssuer } from '../../store/tables/cluster-issuer-table.js';

export interface RetirementOptions {
  readonly comment: string | null;
  readonly abandonLive: boolean;
}

/** Said with each retirement. */
const whatRetiringLeaves =
  'the ConfigMap kube-system/extension-apiserver-authentication only grows, so aggregated API servers go on trusting ' +
  'this CA until somebody deletes the ConfigMap; API servers do until their --client-ca-file lacks it';

/**
 * Takes the issuer out of the bundle of the cluster, once none of its certificates works any more and none is under
 * way. One that is `next` has signed nothing but probes.
 */
export async function retireIssuer(
  context: Context,
  principal: Principal,
  cluster: string,
  name: string,
  options: RetirementOptions,
): Promise<Outcome<IssuerView & { readonly note: string }>> {
  const retired = await changeIssuer(
    context,
    principal,
    cluster,
    name,
    async (found) =>
      whyNoComment(options.abandonLive, options.comment, 'abandonLive') ??
      retire(context, found, options, principal.name),
  );
  return retired.ok ? done({ ...retired.value, note: whatRetiringLeaves }) : retired;
}

async function retire(
  context: Context,
  { recorded, loaded }: FoundIssuer,
  { comment, abandonLive }: RetirementOptions,
  actor: string,
): Promise<Outcome<null>> {
  const { cluster, name, state, fingerprints } = recorded;
  if (state !== 'retiring' && state !== 'next')
    return issuerConflict(`${quoted(recorded)} is ${state}: only one that is retiring or next can be retired`);
  // First the attempts: one that ends meanwhile is then in the inventory.
  const underWay = await context.store.issuers.attemptsUnderWay(cluster, name);
  const at = context.clock();
  const served = await context.store.issuers.served(cluster, fingerprints, at);
  if (!abandonLive && (served.live > 0 || underWay > 0)) {
    const why = served.live > 0 ? `has ${served.live} live certificates` : `has ${underWay} attempts under way`;
    return refused({ kind: 'issuer-in-use', message: `${quoted(recorded)} ${why}`, served });
  }
  const fingerprintSha256 = fingerprintOf(recorded, loaded?.certified ?? null);
  const notAfter = loaded?.certified?.notAfter ?? null;
  const { live, latestNotAfter } = served;
  const committed = await context.store.writer.commit({
    operations: [
      moveIssuer({ cluster, name, from: state, to: 'retired', at }),
      ...announce(context, {
        ...{ event: 'issuer.retired', at, live, latestNotAfter, comment, retiredBy: actor },
        issuer: { cluster, name, fingerprintSha256, notAfter },
      }),
    ],
    events: [
      auditEvent(
        'IssuerRetired',
        at,
        actor,
        {
          ...{ issuer: name, fingerprintSha256, live, abandonLive, comment },
          latestNotAfter: latestNotAfter && latestNotAfter.toISOString(),
        },
        { cluster },
      ),
    ],
  });
  if (!committed.committed) return changedMeanwhile();
  context.log.info({ cluster, issuer: name, live }, 'an issuer is out of the bundle of a cluster');
  return done(null);
}
