import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import type { Authorization, ServiceClient } from './service-client.js';
import type { Settings } from './settings.js';
import { tokenAtHand } from './tokens.js';

export interface SignInOptions {
  /** Whether a person is there who can sign in with a browser or a code. */
  readonly interactive: boolean;
  /** `browser` or `device`; null: what the machine can do. */
  readonly way?: 'browser' | 'device' | null;
  /** Whether KUBEPASS_TOKEN and the token of a pod, which name no server, may go to this one; true where nothing is said. */
  readonly loose?: boolean;
  /** The issuer to sign in by, where there are several. */
  readonly issuer?: string | null;
}

/** The caller, and the token by which they are known. The token is used and forgotten: it is kept nowhere. */
export interface SignedIn {
  readonly name: string;
  readonly authorization: Authorization;
}

/** Signs in with the token at hand, else by an identity provider if a person is there. Null where there is no way. */
export async function signIn(
  settings: Settings,
  client: ServiceClient,
  machine: Machine,
  { interactive, way = null, issuer = null, loose = true }: SignInOptions,
): Promise<SignedIn | null> {
  const token = tokenAtHand({ ...settings, loose }, machine);
  if (token !== null) {
    const authorization = { bearer: token };
    const name = await client.whoami(authorization);
    if (name === null) throw new PluginError('kubepass does not accept the token: it is unknown, expired or revoked');
    return { name, authorization };
  }
  if (!interactive) return null;
  const offered = await client.callers();
  const found = issuer === null ? offered[0] : offered.find(({ name }) => name === issuer);
  if (issuer !== null && found === undefined)
    throw new PluginError(
      `kubepass offers no sign-in by ${JSON.stringify(issuer)}; it has ${offered.map(({ name }) => name).join(', ') || 'none'}`,
    );
  if (found === undefined) return null;
  if (offered.length > 1 && issuer === null)
    throw new PluginError(
      `kubepass offers several sign-ins: say --issuer with one of ${offered.map(({ name }) => name).join(', ')}`,
    );
  const { signInByIssuer } = await import('./oidc-sign-in.js');
  const tokens = await signInByIssuer(found, machine, way);
  // Kubepass takes access tokens of one issuer and id tokens of another, and only it knows of which.
  for (const bearer of tokens) {
    const name = await client.whoami({ bearer });
    if (name !== null) return { name, authorization: { bearer } };
  }
  throw new PluginError(
    'you are signed in, and kubepass does not accept the token of the identity provider: its log says why',
  );
}
