import { describeAccess } from '../kubernetes/cluster-error.js';
import { tokenReviewAccess } from '../kubernetes/token-review.js';
import type { Config } from '../config/config.js';
import { ServiceAccounts } from '../identity/callers/service-accounts.js';
import type { IssuingCluster, Log } from '../context/context.js';

/** Opens the way in for service accounts; null where the configuration has none. */
export function openServiceAccounts(
  { callers, roles }: Pick<Config, 'callers' | 'roles'>,
  clusters: ReadonlyMap<string, Pick<IssuingCluster, 'connection'>>,
  clock: () => Date,
  log: Log,
): ServiceAccounts | null {
  if (callers.serviceAccounts.length === 0) return null;
  const reviewing = callers.serviceAccounts.map(({ cluster, audience, usernamePrefix }) => {
    const connection = clusters.get(cluster)?.connection;
    if (!connection) throw new TypeError(`cluster "${cluster}" has no connection`);
    log.info({ cluster, audience }, 'callers come with tokens of service accounts of this cluster');
    return {
      ...{ name: cluster, audience, usernamePrefix },
      review: (token: string) => connection.reviewToken(token, audience),
      forbidden: (missing: string, why: string) => {
        log.error({ cluster, missing, why }, forbidden);
      },
    };
  });
  return new ServiceAccounts({ clusters: reviewing, roles, clock });
}

const forbidden =
  `service accounts of a cluster do not get in: kubepass may not ${describeAccess(tokenReviewAccess)} there, ` +
  'the right that deploy/kubernetes/components/review-tokens gives';
