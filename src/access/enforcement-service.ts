import {
  mostListed,
  renderAuthorizationConfiguration,
  certificatePrefix,
  credentialId,
  notLiveMessage,
  renderRevocationPolicy,
} from '../formats/enforcement-files.js';
import { renderWebhookKubeconfig } from '../formats/kubeconfig/render-kubeconfig.js';
import { whyNotPermitted, type RoleAction } from '../identity/permissions.js';
import type { RevocationSettings } from '../model/enforcement.js';
import { StoreUnavailableError } from '../model/errors.js';
import { done, refused, type Outcome, type Refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { IssuanceContext, IssuingCluster } from '../context/context.js';
import { type ReviewedRequest, UnknownCertificates } from './unknown-certificates.js';

export type EnforcementService = ReturnType<typeof enforcementService>;

/** Makes clusters refuse revoked certificates: answers their API servers, and renders the files that these load. */
export function enforcementService(context: IssuanceContext) {
  const { publicAddress } = context;
  const unknown = new UnknownCertificates(context);
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
    /** Judges a request to the cluster by its user, from memory where that is possible. Never throws. */
    review: (principal: Principal, name: string, asked: ReviewedRequest) =>
      withCluster(principal, 'review-access', name, async ({ cluster }) => {
        return done(await reviewAccess(context, unknown, name, cluster.revocation, asked));
      }),

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
        // A file that lacks some revocations would let these certificates in again.
        if (!context.denyList.isLoaded()) throw new StoreUnavailableError('the revocations are not read yet');
        const listed = rendered === 'listed' ? await context.listedNames.of(name) : null;
        if (listed !== null && listed.size > mostListed)
          return unavailable(
            `${listed.size} usernames with revoked certificates are more than the ${mostListed} that an API server loads: use mode webhook`,
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

/** The facts about a cluster that rendering needs besides its configuration. */
interface ClusterFacts {
  /** Major and minor version of Kubernetes; null where it is not known. */
  readonly version: readonly [number, number] | null;
  /** The provider whose API servers take no files from customers; null: none that is known. */
  readonly provider: string | null;
  /** The username that kubepass has there by a client certificate; null where it has none. */
  readonly ownUsername: string | null;
}

/** Asks the cluster. One that does not answer is as its last probe found it. */
async function clusterFacts(
  { probes }: Pick<IssuanceContext, 'probes'>,
  { cluster, connection }: IssuingCluster,
): Promise<ClusterFacts> {
  const probed = probes.last(cluster.name)?.result ?? null;
  const [version, identity] =
    connection === null
      ? [null, null]
      : await Promise.all([
          probed?.version ?? connection.version().catch(() => null),
          connection.whoAmI().catch(() => null),
        ]);
  return {
    version: versionOf(version),
    provider: providerOf(version ?? '', cluster.server),
    ownUsername: identity?.byCertificate === true ? identity.username : null,
  };
}

function versionOf(text: string | null): readonly [number, number] | null {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,3})(?:\D|$)/.exec(text ?? '') ?? [];
  return major === undefined || minor === undefined ? null : [Number(major), Number(minor)];
}

/** Kubernetes 1.34 and the like: whether the version is known to be at least this one. */
const isAtLeast = (version: ClusterFacts['version'], minor: number): boolean =>
  version !== null && (version[0] > 1 || (version[0] === 1 && version[1] >= minor));

/** Managed clusters say who runs them in their version or in their address. */
export function providerOf(version: string, server: string): string | null {
  const host = URL.canParse(server) ? new URL(server).hostname : '';
  if (version.includes('-eks-') || host.endsWith('.eks.amazonaws.com')) return 'Amazon EKS';
  if (version.includes('-gke.')) return 'GKE';
  if (host.endsWith('.azmk8s.io')) return 'AKS';
  return null;
}

/** kubepass denies a request to a cluster, or has no opinion on it, and then RBAC decides. */
type AccessVerdict = { readonly denied: true; readonly reason: string } | { readonly denied: false };

const noOpinion: AccessVerdict = { denied: false };

/**
 * Judges a request by its user alone. It judges client certificates only, and leaves all other requests of a cluster to
 * the authorizers behind it.
 */
async function reviewAccess(
  { denyList, listedNames }: IssuanceContext,
  unknown: UnknownCertificates,
  cluster: string,
  { whenInDoubt }: RevocationSettings,
  asked: ReviewedRequest,
): Promise<AccessVerdict> {
  const { user = '', extra } = asked;
  const ids = extra && Object.hasOwn(extra, credentialId) ? (extra[credentialId] ?? []) : [];
  const certificates = ids.flatMap((id) =>
    id.startsWith(certificatePrefix) ? [id.slice(certificatePrefix.length).toLowerCase()] : [],
  );
  for (const fingerprint of certificates) {
    const revoked = denyList.find(cluster, fingerprint);
    if (revoked !== null) {
      const when = revoked.revokedAt.toISOString();
      return { denied: true, reason: `this client certificate was revoked at ${when} (${revoked.reason})` };
    }
  }
  if (certificates.length > 0 && !denyList.isLoaded() && whenInDoubt === 'deny')
    return { denied: true, reason: 'kubepass has not read its list of revoked certificates yet; try again' };
  for (const fingerprint of certificates)
    if (!(await listedNames.passes(cluster, user, fingerprint))) {
      void unknown.seen(cluster, fingerprint, asked);
      return { denied: true, reason: notLiveMessage };
    }
  return noOpinion;
}
