import { randomBytes } from 'node:crypto';
import type { CallersConfig, OidcConfig } from '../config/callers-config.js';
import type { Config } from '../config/config.js';
import { readClientSecret } from '../config/secrets.js';
import { JsonWebTokens, RefusedSignIns } from '../callers/authentication/callers.js';
import { ServiceAccounts } from '../callers/authentication/service-accounts.js';
import { publishedKeys } from '../callers/oidc/fetch-keys.js';
import { IssuerKeys } from '../callers/oidc/issuer-keys.js';
import { OidcLogin } from '../callers/oidc/login.js';
import type { OidcIssuer } from '../callers/oidc/token-rules.js';
import { OidcTokens } from '../callers/oidc/oidc-tokens.js';
import { type ProviderFetch, providerFetch } from '../callers/oidc/provider-fetch.js';
import type { LoginProvider, SessionWriter } from '../callers/sessions.js';
import type { IssuingCluster, Log } from '../context/context.js';
import { type FilesInForce, type InForce, unchanging } from './in-force.js';
import { describeAccess } from '../kubernetes/cluster-error.js';
import { tokenReviewAccess } from '../kubernetes/token-review.js';
import { auditEvent } from '../model/audit-event.js';
import type { Writer } from '../store/steps/step.js';
import { endSession, insertSession } from '../store/tables/session-table.js';

/** An identity provider, and how it is called. */
export interface IdentityProvider {
  readonly config: OidcConfig;
  readonly issuer: OidcIssuer;
  readonly fetch: ProviderFetch;
  readonly keys: IssuerKeys;
}

/**
 * Opens the way in by JSON Web Token, null where the configuration has none, and keeps its identity providers equal to
 * the files of their CAs. An identity provider that is down is no error: it is asked again until it is up.
 */
export async function openCallers(
  { callers, roles }: Pick<Config, 'callers' | 'roles'>,
  serviceAccounts: ServiceAccounts | null,
  clock: () => Date,
  log: Log,
  files: FilesInForce,
): Promise<{ readonly jsonWebTokens: JsonWebTokens | null; readonly issuers: readonly IdentityProvider[] }> {
  const issuers: IdentityProvider[] = [];
  for (const config of callers.oidc) {
    const authority = await files.authority('issuers', config.certificateAuthorityFile, { issuer: config.name });
    issuers.push(openIssuer(config, issuerOf(config, callers), authority, log));
  }

  for (const { config, keys } of issuers) {
    const { name, issuer, audiences, tokens } = config;
    log.info({ name, issuer, audiences, tokens }, 'callers come with tokens of this issuer');
    keys.start();
  }
  if (issuers.length === 0 && serviceAccounts === null) return { jsonWebTokens: null, issuers };
  return { jsonWebTokens: new JsonWebTokens(new OidcTokens({ issuers, roles, clock, log }), serviceAccounts), issuers };
}

function openIssuer(
  config: OidcConfig,
  issuer: OidcIssuer,
  authority: InForce<string | null>,
  log: Log,
): IdentityProvider {
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

/** Opens the sign-in at each issuer that has one, and keeps it equal to the file of its secret. */
export async function openLoginProviders(
  { publicAddress }: Pick<Config, 'publicAddress'>,
  issuers: readonly IdentityProvider[],
  clock: () => Date,
  log: Log,
  files: FilesInForce,
): Promise<readonly LoginProvider[]> {
  const providers: LoginProvider[] = [];
  for (const { config, issuer, fetch } of issuers) {
    const { name, login, scopes } = config;
    if (login === null) continue;
    const secret = await secretInForce(login.clientSecretFile, name, files);
    const { clientId } = login;
    const redirectUri = `${publicAddress?.url ?? ''}/v1/login/${name}/callback`;
    providers.push(
      new OidcLogin({
        issuer,
        clientId,
        clientSecret: () => secret.current(),
        scopes,
        redirectUri,
        fetch,
        log,
        clock,
        random: randomBytes,
      }),
    );
    log.info({ name, clientId, redirectUri }, 'people sign in by this issuer with their browsers');
  }
  return providers;
}

/** The secret of the client in its file; null where there is no file: a public client. */
async function secretInForce(
  file: string | null,
  issuer: string,
  files: FilesInForce,
): Promise<InForce<string | null>> {
  if (file === null) return unchanging(null);
  return files.keep<string | null>('issuers', {
    files: [file],
    load: (remarks) => readClientSecret(file, remarks),
    isSame: (one, other) => one === other,
    told: {
      fields: { issuer },
      replaced: 'kubepass has another secret with an issuer',
      refused: 'the secret of an issuer was changed and cannot be used: the one in force stays',
    },
  });
}

/** Keeps sessions in the store: each change is one commit with its audit event. */
export function sessionWriter(writer: Writer): SessionWriter {
  return {
    async begin(session, secretSha256, event) {
      const operations = [insertSession({ session, secretSha256 })];
      const result = await writer.commit({ operations, events: [event] });
      if (!result.committed && result.conflict.kind !== 'blocked')
        throw new Error(`session ${session.id} could not be recorded`);
      return result.committed;
    },
    async end(id, at, event) {
      return (await writer.commit({ operations: [endSession({ id, at })], events: [event] })).committed;
    },
  };
}

/** Begins to count what is refused, and to record it in the audit log. */
export function openRefusedSignIns(writer: Writer, clock: () => Date, log: Log): RefusedSignIns {
  const refusals = new RefusedSignIns(
    async (count) => {
      const { committed } = await writer.commit({
        operations: [],
        events: [auditEvent('SignInRefused', clock(), null, { ...count })],
      });
      if (!committed) throw new Error('the writer did not take the event');
    },
    (error) => {
      log.error({ err: error }, 'refused sign-ins could not be recorded: they are kept, and counted on');
    },
  );
  refusals.start();
  return refusals;
}
