import type { Context, IssuingCluster } from '../context/context.js';
import {
  mostListed,
  renderAuthorizationConfiguration,
  renderRevocationPolicy,
} from '../kubernetes/revocation-enforcement-files.js';
import { renderWebhookKubeconfig } from '../kubernetes/render-kubeconfig.js';
import { type RoleAction, whyNotPermitted } from '../callers/permissions.js';
import { StoreUnavailableError } from '../model/errors.js';
import { done, refused, type Outcome, type Refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';

/** The cluster, if the principal may do the action there. */
export function clusterFor(
  { clusters }: Pick<Context, 'clusters'>,
  principal: Principal,
  action: RoleAction,
  name: string,
): Outcome<IssuingCluster> {
  const refusal = whyNotPermitted(principal, action, name);
  if (refusal !== null) return refusal;
  const issuing = clusters.get(name);
  return issuing === undefined ? refused({ kind: 'not-found' }) : done(issuing);
}

/** YAML for `--authorization-config`. `mode` absent: that of the configuration. `directory`: see its renderer. */
export async function authorizationConfiguration(
  context: Context,
  principal: Principal,
  name: string,
  { mode, directory }: { readonly mode?: 'webhook' | 'listed'; readonly directory: string },
): Promise<Outcome<string>> {
  const found = clusterFor(context, principal, 'read-enforcement', name);
  if (!found.ok) return found;
  const { revocation } = found.value.cluster;
  const rendered = mode ?? (revocation.mode === 'listed' ? 'listed' : 'webhook');
  if (context.publicAddress === null) return noAddress;
  const facts = await clusterFacts(context, found.value);
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
}

/** The kubeconfig that this file names. It holds no token. */
export function webhookKubeconfig(
  context: Context,
  principal: Principal,
  name: string,
  { directory }: { readonly directory: string },
): Outcome<string> {
  const found = clusterFor(context, principal, 'read-enforcement', name);
  if (!found.ok) return found;
  const { publicAddress } = context;
  return publicAddress === null ? noAddress : done(renderWebhookKubeconfig(name, publicAddress, directory));
}

/** Manifests of the admission policy. */
export function revocationPolicy(context: Context, principal: Principal, name: string) {
  const found = clusterFor(context, principal, 'read-enforcement', name);
  return found.ok ? done(renderRevocationPolicy(found.value.cluster.revocation)) : found;
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
  /** The provider whose API servers take no files from customers; null: no such provider is known. */
  readonly provider: string | null;
  /** The username of kubepass's own client certificate in the cluster; null: kubepass has no such certificate. */
  readonly ownUsername: string | null;
}

/** Asks the cluster. One that does not answer is as its last probe found it. */
async function clusterFacts(
  { probes }: Pick<Context, 'probes'>,
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
