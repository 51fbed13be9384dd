import type { Context } from '../../context/context.js';
import { announce } from '../../context/request-steps.js';
import { auditEvent } from '../../model/audit-event.js';
import { done, refused, type Outcome, type Refused } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import { whyTrustShared } from '../shared-trust.js';
import type { CertifiedIssuer } from '../../signing/cluster-issuers.js';
import { changedMeanwhile, changeIssuer, whyNoComment } from './change-issuer.js';
import { type FoundIssuer, issuerConflict, quoted } from './find-issuer.js';
import type { IssuerView } from './issuer-view.js';
import { probeFound, type ProbingContext, whyNotUsable } from './probe-issuer.js';
import { moveIssuer } from '../../store/tables/cluster-issuer-table.js';

export interface ActivationOptions {
  readonly comment: string | null;
  readonly withoutProbe: boolean;
}

/**
 * Lets the issuer sign from now on, in the place of the active issuer, once every API server has accepted a certificate
 * of it. Both change in one commit, so at no moment do two sign.
 */
export const activateIssuer = (
  context: ProbingContext,
  principal: Principal,
  cluster: string,
  name: string,
  options: ActivationOptions,
): Promise<Outcome<IssuerView>> =>
  changeIssuer(
    context,
    principal,
    cluster,
    name,
    async (found) =>
      whyNoComment(options.withoutProbe, options.comment, 'withoutProbe') ??
      activate(context, found, options, principal.name),
  );

async function activate(
  context: ProbingContext,
  found: FoundIssuer,
  options: ActivationOptions,
  actor: string,
): Promise<Outcome<null>> {
  const { recorded, loaded } = found;
  const certified = loaded?.certified ?? null;
  if (recorded.state !== 'next' && recorded.state !== 'retiring')
    return issuerConflict(
      `${quoted(recorded)} is ${recorded.state}: only one that is next or retiring can be activated`,
    );
  if (certified === null) return issuerConflict(`${quoted(recorded)} is not loaded: ${whyNotLoaded(found)}`);
  const refusal = whyNotUsable(certified, context.clock()) ?? (await whyKeyAway(certified));
  if (refusal !== null) return refusal;
  const { chain, anchors } = certified;
  const parts = { chains: [...chain, ...anchors], trusted: anchors };
  const shared = await whyTrustShared(context.clusters.values(), recorded.cluster, parts);
  if (shared !== null) return issuerConflict(shared);
  if (!options.withoutProbe) {
    const probed = await probeFound(context, found, certified, actor);
    if (!probed.ok) return probed;
    const { addresses } = probed.value;
    if (!addresses.every(({ accepts }) => accepts === 'yes'))
      return refused({
        kind: 'issuer-not-accepted',
        message:
          `not every API server is known to accept ${quoted(recorded)}: put its CA into their --client-ca-file; ` +
          'they take a file that is renamed to that name at once, and any other change within a minute',
        addresses,
      });
  }
  return commitActivation(context, found, certified, options, actor);
}

async function commitActivation(
  context: Context,
  { issuers, recorded }: FoundIssuer,
  { authority, notAfter }: CertifiedIssuer,
  { comment, withoutProbe }: ActivationOptions,
  actor: string,
): Promise<Outcome<null>> {
  const { cluster, name } = recorded;
  const { fingerprintSha256 } = authority;
  const at = context.clock();
  const previous = [...issuers.recorded().values()].find(({ state }) => state === 'active')?.name ?? null;
  const committed = await context.store.writer.commit({
    operations: [
      // The one before moves first: the database has room for one active issuer of a cluster.
      ...(previous === null ? [] : [moveIssuer({ cluster, name: previous, from: 'active', to: 'retiring', at })]),
      moveIssuer({ cluster, name, from: recorded.state, to: 'active', at }),
      ...announce(context, {
        ...{ event: 'issuer.activated', at, previous, withoutProbe, comment, activatedBy: actor },
        issuer: { cluster, name, fingerprintSha256, notAfter },
      }),
    ],
    events: [
      auditEvent(
        'IssuerActivated',
        at,
        actor,
        { issuer: name, fingerprintSha256, previous, withoutProbe, comment },
        { cluster },
      ),
    ],
  });
  if (!committed.committed) return changedMeanwhile();
  context.log.info({ cluster, issuer: name, previous, withoutProbe }, 'another issuer signs for a cluster');
  return done(null);
}

const whyNotLoaded = ({ loaded }: FoundIssuer): string =>
  loaded === null
    ? 'the configuration does not have it'
    : 'its certificate is missing; kubepass looks for the file each minute, and at once with SIGHUP';

async function whyKeyAway(issuer: CertifiedIssuer): Promise<Refused | null> {
  const { available } = await issuer.key.check();
  return available ? null : issuerConflict(`the key of ${quoted(issuer)} cannot be used now`);
}
