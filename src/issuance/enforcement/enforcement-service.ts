import { mostListed, renderAuthorizationConfiguration } from '../../formats/enforcement/authorization-configuration.js';
import { renderRevocationPolicy } from '../../formats/enforcement/revocation-policy.js';
import { renderWebhookKubeconfig } from '../../formats/enforcement/webhook-kubeconfig.js';
import { whyNotPermitted, type RoleAction } from '../../identity/permissions.js';
import { StoreUnavailableError } from '../../model/errors.js';
import { done, refused, type Outcome, type Refused } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { IssuanceContext, IssuingCluster } from '../context.js';
import { clusterFacts, isAtLeast, type ClusterFacts } from './cluster-facts.js';
import { reviewAccess } from './review-access.js';

export type EnforcementService = ReturnType<typeof enforcementService>;

/** Makes clusters refuse revoked certificates: answers their API servers, and renders the files that these load. */
export function enforcementService(context: IssuanceContext) {
  const { denyList, publicAddress } = context;
  const withCluster = <T>(
    principal: Principal,
    action: RoleAction,
    name: string,
    use: (issuing: IssuingCluster) => T,
  ): T | Refused => {
    const refusal = whyNotPermitted(principal, action, name);
    if (refusal !== null) return refusal;
    const issuing = context.clusters.get(name);
    return issuing === undefined ? refused({ kind: 'not-found' }) : use(issuing);
  };
  return {
    /** Judges a request to the cluster by the extras of its user, from memory. Never throws. */
    review: (principal: Principal, name: string, extra: Readonly<Record<string, readonly string[]>>) =>
      withCluster(principal, 'review-access', name, ({ cluster }) =>
        done(reviewAccess(denyList, name, cluster.revocation, extra)),
      ),

    /** YAML for `--authorization-config`. `mode` absent: that of the configuration. `directory`: see its renderer. */
    authorizationConfiguration: async (
      principal: Principal,
      name: string,
      { mode, directory }: { readonly mode?: 'webhook' | 'listed'; readonly directory: string },
    ) =>
      withCluster(principal, 'read-enforcement', name, async (issuing): Promise<Outcome<string>> => {
        const { revocation } = issuing.cluster;
        const rendered = mode ?? (revocation.mode === 'listed' ? 'listed' : 'webhook');
        if (publicAddress === null) return noAddress;
        const facts = await clusterFacts(context, issuing);
        const whyNot = whyNoFile(facts);
        if (whyNot !== null) return unavailable(whyNot);
        const listed = rendered === 'listed' ? listedOf(context, name) : null;
        if (listed !== null && listed.length > mostListed)
          return unavailable(
            `${listed.length} revoked certificates are more than the ${mostListed} that an API server loads: use mode webhook`,
          );
        const text = renderAuthorizationConfiguration({
          listed,
          // A revoked certificate stays refused while kubepass is down; nobody else waits for it.
          failurePolicy: rendered === 'listed' || revocation.whenInDoubt === 'deny' ? 'Deny' : 'NoOpinion',
          directory,
          ownUsername: facts.ownUsername,
          knowsCacheFields: isAtLeast(facts.version, 34),
        });
        return done(text);
      }),

    /** The kubeconfig that this file names. It holds no token. */
    webhookKubeconfig: (principal: Principal, name: string, { directory }: { readonly directory: string }) =>
      withCluster(principal, 'read-enforcement', name, () =>
        publicAddress === null ? noAddress : done(renderWebhookKubeconfig(name, publicAddress, directory)),
      ),

    /** Manifests of the admission policy. */
    revocationPolicy: (principal: Principal, name: string) =>
      withCluster(principal, 'read-enforcement', name, ({ cluster }) =>
        done(renderRevocationPolicy(cluster.revocation)),
      ),
  };
}

const unavailable = (message: string): Refused => refused({ kind: 'enforcement-unavailable', message });

const noAddress = unavailable(
  'kubepass does not know an https address where the cluster reaches it: configure publicAddress. Over plain HTTP an API server sends its request without its token',
);

/** Why the cluster cannot load an authorization configuration; null where it can, or where that is not known. */
function whyNoFile({ version, provider }: ClusterFacts): string | null {
  if (provider !== null)
    return `${provider} gives customers no access to the files of its API servers: use mode admission`;
  if (version !== null && !isAtLeast(version, 32))
    return `Kubernetes ${version.join('.')} does not tell authorizers which certificate a caller has: that needs 1.32`;
  return null;
}

/** Throws `StoreUnavailableError` until the list is complete: a file without some of them would let these in again. */
function listedOf({ denyList }: IssuanceContext, cluster: string): readonly string[] {
  if (!denyList.isLoaded()) throw new StoreUnavailableError('the list of revoked certificates is not read yet');
  return Array.from(denyList.ofCluster(cluster), ({ fingerprintSha256 }) => fingerprintSha256).sort();
}
