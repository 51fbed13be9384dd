import { createHash } from 'node:crypto';
import { cacheOfLogin, keepAuthority, type Login } from './credential-cache.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import { type Authorization, type OfferedIssuer, ServiceClient } from './service-client.js';
import { loginCommand, type LoginHint, type Settings } from './settings.js';
import { tokenAtHand, tokensFor } from './tokens.js';

export interface SignInOptions {
  /** Whether a person is there who can sign in with a browser or a code. */
  readonly interactive: boolean;
  /** Whether KUBEPASS_TOKEN and a pod's token, which name no server, may go to this one; true by default. */
  readonly loose?: boolean;
}

/** The caller, and the token by which they are known. The token is used and forgotten: it is kept nowhere. */
export interface SignedIn {
  readonly name: string;
  readonly authorization: Authorization;
}

/**
 * Signs in as at the login: with the token at hand, else by its identity provider if a person is there. Null where
 * there is no way, and where nobody has logged in at this server: a kubeconfig that names it is nobody's word that it
 * is a kubepass of theirs.
 */
export async function signIn(
  { login, client, settings }: ServiceAtLogin,
  machine: Machine,
  { interactive, loose = true }: SignInOptions,
): Promise<SignedIn | null> {
  if (login === null) return null;
  const token = tokenAtHand({ ...login, loose }, machine);
  if (token !== null) return signInByToken(token, client);
  if (!interactive || login.issuer === null) return null;
  const found = (await client.callers()).find(
    ({ issuer, clientId }) => issuer === login.issuer && clientId === login.clientId,
  );
  if (found === undefined)
    throw new PluginError(
      `${login.server} does not offer the sign-in of your login any more, at ${login.issuer} as client ${login.clientId ?? ''}. If whoever administers kubepass has changed it, run: ${loginCommand(settings)}`,
    );
  return signInByProvider(found, login, client, machine, null);
}

export async function signInByToken(token: string, client: ServiceClient): Promise<SignedIn> {
  const authorization = { bearer: token };
  const name = await client.whoami(authorization);
  if (name === null) throw new PluginError('kubepass does not accept the token: it is unknown, expired or revoked');
  return { name, authorization };
}

/** Asks the provider for a token for this very server where that says that it takes such tokens. */
export async function signInByProvider(
  offered: OfferedIssuer,
  login: Pick<Login, 'server' | 'audience'>,
  client: ServiceClient,
  machine: Machine,
  way: 'browser' | 'device' | null,
): Promise<SignedIn> {
  const { server } = login;
  const audience = login.audience ?? ownAudience(offered, server);
  const { signInByIssuer } = await import('./oidc-sign-in.js');
  const tokens = await signInByIssuer(offered, machine, way, audience === server ? server : null);
  // Kubepass takes access tokens of one issuer and id tokens of another, and only it knows of which.
  for (const bearer of tokensFor(offered, { server, audience }, tokens)) {
    const name = await client.whoami({ bearer });
    if (name !== null) return { name, authorization: { bearer } };
  }
  throw new PluginError(
    'you are signed in, and kubepass does not accept the token of the identity provider: its log says why',
  );
}

/** The URL of the server, where it says that it takes tokens for that. */
export const ownAudience = ({ audiences }: OfferedIssuer, server: string): string | null =>
  audiences.includes(server) ? server : null;

interface ServiceAtLogin {
  /** Null: nobody has logged in there. */
  readonly login: Login | null;
  readonly client: ServiceClient;
  /** With the CA and the token of the login. */
  readonly settings: LoginHint;
}

/** Keeps the CA of a kubeconfig in a file beside the cache, so that a command for a person can name that. */
const withAuthorityFile = (settings: Settings, machine: Machine): LoginHint =>
  settings.certificateAuthority === null
    ? settings
    : { ...settings, authorityFile: keepAuthority(settings.certificateAuthority, machine) };

/** The login that these settings refer to; null: there is none. */
export function loginOf(settings: Pick<Settings, 'server' | 'login'>, machine: Machine): Login | null {
  const login = cacheOfLogin(settings, machine).read('login');
  return login?.server === settings.server ? login : null;
}

/** The kubepass of a kubeconfig, with the CA of the login there. Throws where the kubeconfig has another one. */
export function serviceAtLogin(settings: Settings, machine: Machine, callMilliseconds: number): ServiceAtLogin {
  const login = loginOf(settings, machine);
  if (login === null)
    return {
      login,
      client: new ServiceClient(settings, machine, callMilliseconds),
      settings: withAuthorityFile(settings, machine),
    };
  const { certificateAuthority, tokenFile, tokenCommand } = login;
  if (settings.certificateAuthority !== null && authorityName(settings) !== authorityName(login))
    throw new PluginError(
      `the kubeconfig has another CA of ${login.server} than your login: ${authorityName(settings)} instead of ${authorityName(login)}. If whoever administers kubepass has replaced it, run: ${loginCommand({ ...withAuthorityFile(settings, machine), tokenFile, tokenCommand })}`,
    );
  const pinned = { ...settings, certificateAuthority, tokenFile, tokenCommand };
  return { login, client: new ServiceClient(pinned, machine, callMilliseconds), settings: pinned };
}

/** The CAs of kubepass for people, and to compare: the SHA-256 of each certificate. */
export function authorityName({ certificateAuthority: pem }: Pick<Settings, 'certificateAuthority'>): string {
  if (pem === null) return 'the CAs that Node.js trusts';
  const certificates = pem.match(/(?<=-----BEGIN CERTIFICATE-----)[^-]+(?=-----END CERTIFICATE-----)/g) ?? [];
  const hashes = certificates.map((text) => createHash('sha256').update(Buffer.from(text, 'base64')).digest('hex'));
  return [...new Set(hashes)].sort().join(', ');
}
