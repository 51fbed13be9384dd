import type { CallersConfig, OidcConfig } from '../config/callers-config.js';
import type { Config } from '../config/config.js';
import { JsonWebTokens, type OtherWaysIn } from '../identity/callers/callers.js';
import { ServiceAccounts } from '../identity/callers/service-accounts.js';
import { publishedKeys } from '../identity/oidc/fetch-keys.js';
import { IssuerKeys } from '../identity/oidc/issuer-keys.js';
import type { OidcIssuer } from '../identity/oidc/token-rules.js';
import { OidcTokens } from '../identity/oidc/oidc-tokens.js';
import { type ProviderFetch, providerFetch } from '../identity/oidc/provider-fetch.js';
import type { IssuingCluster, Log } from '../context/context.js';
import type { FilesInForce, InForce } from './in-force.js';
import { describeAccess } from '../kubernetes/cluster-error.js';
import { tokenReviewAccess } from '../kubernetes/token-review.js';

/** An identity provider, and how it is called. */
export interface OpenedIssuer {
  readonly config: OidcConfig;
  readonly issuer: OidcIssuer;
  readonly fetch: ProviderFetch;
  readonly keys: IssuerKeys;
}

/** Every way in of the configuration, and what ends with the service. */
interface OpenedCallers {
  readonly waysIn: OtherWaysIn;
  readonly issuers: readonly OpenedIssuer[];
  close(): void;
}

/**
 * Opens the ways in that are configured, and keeps them equal to the files of the CAs that they trust. An identity
 * provider that is down is no error: it is asked again until it is up.
 */
export async function openCallers(
  { callers, roles }: Pick<Config, 'callers' | 'roles'>,
  serviceAccounts: ServiceAccounts | null,
  clock: () => Date,
  log: Log,
  files: FilesInForce,
): Promise<OpenedCallers> {
  const issuers: OpenedIssuer[] = [];
  for (const config of callers.oidc) {
    const authority = await files.authority('issuers', config.certificateAuthorityFile, { issuer: config.name });
    issuers.push(openIssuer(config, issuerOf(config, callers), authority, log));
  }

  for (const { config, keys } of issuers) {
    const { name, issuer, audiences, tokens } = config;
    log.info({ name, issuer, audiences, tokens }, 'callers come with tokens of this issuer');
    keys.start();
  }
  const oidcTokens = new OidcTokens({ issuers, roles, clock, log });
  return {
    waysIn:
      issuers.length === 0 && serviceAccounts === null
        ? {}
        : { jsonWebTokens: new JsonWebTokens(oidcTokens, serviceAccounts) },
    issuers,
    close() {
      for (const { keys } of issuers) keys.stop();
    },
  };
}

function openIssuer(config: OidcConfig, issuer: OidcIssuer, authority: InForce<string | null>, log: Log): OpenedIssuer {
  const { name, staleKeysSeconds } = config;
  let call = providerFetch({ certificateAuthority: authority.current() });
  authority.follow((next) => {
    call = providerFetch({ certificateAuthority: next });
  });
  const fetch: ProviderFetch = (url, options) => call(url, options);
  const keys = new IssuerKeys({ name, source: publishedKeys(config.issuer, fetch), staleKeysSeconds, log });
  return { config, issuer, fetch, keys };
}

/**
 * Names and groups of an issuer never begin as those that others give: of other issuers, of service accounts, and of
 * client certificates, which have no groups.
 */
function issuerOf(config: OidcConfig, { oidc, serviceAccounts, clientCertificates }: CallersConfig): OidcIssuer {
  const others = oidc.filter((other) => other.name !== config.name);
  const ofAccounts = serviceAccounts.map(({ usernamePrefix }) => `${usernamePrefix}system:`);
  const given = (prefix: string) => prefix !== '';
  return {
    ...config,
    othersPrefixes: {
      usernames: [
        ...others.map(({ usernamePrefix }) => usernamePrefix).filter(given),
        ...[clientCertificates?.usernamePrefix ?? ''].filter(given),
        ...ofAccounts,
      ],
      groups: [...others.map(({ groupsPrefix }) => groupsPrefix).filter(given), ...ofAccounts],
    },
  };
}

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
      name: cluster,
      audience,
      usernamePrefix,
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
