import { readFile } from 'node:fs/promises';
import { describeCertificateAuthority } from '../cluster/certificate-authorities.js';
import type { CallersConfig, OidcConfig } from '../config/callers-config.js';
import { ConfigError, type Config } from '../config/config.js';
import type { OtherWaysIn } from '../identity/callers.js';
import { JsonWebTokens, type TokensOfServiceAccounts } from '../identity/json-web-tokens.js';
import { IssuerKeys } from '../identity/oidc/issuer-keys.js';
import type { OidcIssuer } from '../identity/oidc/issuer.js';
import { publishedKeys } from '../identity/oidc/key-source.js';
import { OidcTokens } from '../identity/oidc/oidc-tokens.js';
import { providerFetch, type ProviderFetch } from '../identity/oidc/provider-fetch.js';
import type { Log } from '../issuance/context.js';

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
  close(): void;
}

/**
 * Opens the ways in that are configured, with the content of their files, read once. Throws `ConfigError` with everything
 * that is wrong. An identity provider that is down is no error: it is asked again until it is up.
 */
export async function openCallers(
  { configFile, callers, roles }: Pick<Config, 'configFile' | 'callers' | 'roles'>,
  serviceAccounts: TokensOfServiceAccounts | null,
  clock: () => Date,
  log: Log,
): Promise<OpenedCallers> {
  const errors: string[] = [];
  const issuers: OpenedIssuer[] = [];
  for (const [i, config] of callers.oidc.entries()) {
    const at = `${configFile ?? ''}:/callers/oidc/${i}`;
    const authority = await authorityOf(config).catch((error: unknown) => wrong(`${at}/certificateAuthority`, error));
    if (authority === undefined) continue;
    issuers.push(openIssuer(config, issuerOf(config, callers), authority, log));
  }
  if (errors.length > 0) throw new ConfigError(errors);

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

  function wrong(place: string, error: unknown): undefined {
    errors.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function openIssuer(config: OidcConfig, issuer: OidcIssuer, authority: string | null, log: Log): OpenedIssuer {
  const { name, staleKeysSeconds } = config;
  const fetch = providerFetch({ certificateAuthority: authority });
  const keys = new IssuerKeys({ name, source: publishedKeys(issuer, fetch), staleKeysSeconds, log });
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

async function authorityOf({ certificateAuthorityFile }: OidcConfig): Promise<string | null> {
  if (certificateAuthorityFile === null) return null;
  const { pem, certificates } = describeCertificateAuthority(await readFile(certificateAuthorityFile, 'utf8'));
  if (certificates.length === 0) throw new Error(`${certificateAuthorityFile} holds no certificate`);
  return pem;
}
