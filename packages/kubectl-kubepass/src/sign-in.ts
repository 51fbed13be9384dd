import type { Login } from './credential-cache.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import type { Authorization, OfferedIssuer, ServiceClient } from './service-client.js';
import type { ServiceAtLogin } from './service-at-login.js';
import { loginCommand } from './settings.js';
import { tokensFor } from './token-audience.js';
import { tokenAtHand } from './tokens.js';

export interface SignInOptions {
  /** Whether a person is there who can sign in with a browser or a code. */
  readonly interactive: boolean;
  /** Whether KUBEPASS_TOKEN and the token of a pod, which name no server, may go to this one; true where nothing is said. */
  readonly loose?: boolean;
}

/** The caller, and the token by which they are known. The token is used and forgotten: it is kept nowhere. */
export interface SignedIn {
  readonly name: string;
  readonly authorization: Authorization;
}

/**
 * Signs in as at the login: with the token at hand, else by its identity provider if a person is there. Null where there is no way,
 * and where nobody has logged in at this server: a kubeconfig that names it is nobody's word that it is a kubepass of theirs.
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
