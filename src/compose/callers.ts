import type { CallersConfig, OidcConfig } from '../config/callers-config.js';
import { ConfigError, type Config } from '../config/config.js';
import { type OtherWaysIn, JsonWebTokens } from '../identity/callers/callers.js';
import type { ServiceAccounts } from '../identity/callers/service-accounts.js';
import { publishedKeys } from '../identity/oidc/fetch-keys.js';
import { IssuerKeys } from '../identity/oidc/issuer-keys.js';
import type { OidcIssuer } from '../identity/oidc/token-rules.js';
import { OidcTokens } from '../identity/oidc/oidc-tokens.js';
import { providerFetch, type ProviderFetch } from '../identity/oidc/provider-fetch.js';
import type { Log } from '../context/context.js';
import { authorityInForce } from './authority-in-force.js';
import { AllInForce, type InForce } from './in-force.js';

/** An identity provider, and how it is called. */
export interface OpenedIssuer {
  readonly config: OidcConfig;
  readonly issuer: OidcIssuer;
  readonly fetch: ProviderFetch;
  readonly keys: IssuerKeys;
}

/** Every way in of the configuration, and what ends with the service. */
export interface OpenedCallers {
  readonly waysIn: OtherWaysIn;
  readonly issuers: readonly OpenedIssuer[];
  /** Reads the files of the CAs again. */
  reload(): Promise<void>;
  /** Whether one of the files cannot be used as it is now. */
  isRefused(): boolean;
  close(): void;
}

/**
 * Opens the ways in that are configured, and keeps them equal to the files of the CAs that they trust. Throws `ConfigError` with everything
 * that is wrong. An identity provider that is down is no error: it is asked again until it is up.
 */
export async function openCallers(
  { configFile, callers, roles }: Pick<Config, 'configFile' | 'callers' | 'roles'>,
  serviceAccounts: ServiceAccounts | null,
  clock: () => Date,
  log: Log,
  intervalMilliseconds: number,
): Promise<OpenedCallers> {
  const errors: string[] = [];
  const issuers: OpenedIssuer[] = [];
  const files = new AllInForce();
  for (const [i, config] of callers.oidc.entries()) {
    const at = `${configFile ?? ''}:/callers/oidc/${i}`;
    const fields = { issuer: config.name };
    const times = { log, intervalMilliseconds };
    const authority = await authorityInForce(config.certificateAuthorityFile, fields, times).catch((error: unknown) =>
      wrong(`${at}/certificateAuthority`, error),
    );
    if (authority === undefined) continue;
    files.add(authority);
    issuers.push(openIssuer(config, issuerOf(config, callers), authority, log));
  }
  if (errors.length > 0) {
    files.stop();
    throw new ConfigError(errors);
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
    reload: () => files.reload(),
    isRefused: () => files.isRefused(),
    close() {
      files.stop();
      for (const { keys } of issuers) keys.stop();
    },
  };

  function wrong(place: string, error: unknown): undefined {
    errors.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
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
        ...[...others.map(({ usernamePrefix }) => usernamePrefix), clientCertificates?.usernamePrefix ?? ''].filter(
          given,
        ),
        ...ofAccounts,
      ],
      groups: [...others.map(({ groupsPrefix }) => groupsPrefix).filter(given), ...ofAccounts],
    },
  };
}
