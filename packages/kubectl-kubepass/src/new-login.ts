import { isDeepStrictEqual } from 'node:util';
import type { LoginOptions } from './command-line.js';
import type { Login } from './credential-cache.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import { oneLine } from './printable.js';
import type { OfferedIssuer, ServiceClient } from './service-client.js';
import { authorityName, loginOf } from './service-at-login.js';
import { ownAudience, signInByProvider, signInByToken, type SignedIn } from './sign-in.js';
import { tokenAtHand } from './tokens.js';

/** Signs in at the server that a person names, and answers how that was. They confirm the identity provider of a server once. */
export async function newLogin(
  { settings, token, issuer, audience, way, yes }: LoginOptions,
  client: ServiceClient,
  machine: Machine,
): Promise<SignedIn & { readonly login: Login }> {
  const { server, certificateAuthority } = settings;
  const before = loginOf(settings, machine);
  const isPinned = before !== null && authorityName(before) === authorityName(settings);
  const login: Login = { server, certificateAuthority, ...token, issuer: null, clientId: null, audience };
  const bearer = tokenAtHand({ server, ...token, loose: true }, machine);
  if (bearer !== null) {
    const who = await signInByToken(bearer, client);
    // KUBEPASS_TOKEN is of this call alone, and how one signs in without it stays as it was.
    const isOfCall = token.tokenFile === null && token.tokenCommand === null;
    return { ...who, login: isOfCall && isPinned ? before : login };
  }
  const offered = offeredOf(await client.callers(), issuer, server);
  const provider = { issuer: offered.issuer, clientId: offered.clientId };
  const own = { ...login, ...provider, audience: audience ?? ownAudience(offered, server) };
  const isConfirmed =
    isPinned &&
    (before.audience ?? own.audience) === own.audience &&
    isDeepStrictEqual({ issuer: before.issuer, clientId: before.clientId }, provider);
  if (!isConfirmed && !yes) await mustConfirm(own, offered, machine);
  return { ...(await signInByProvider(offered, own, client, machine, way)), login: own };
}

function offeredOf(all: readonly OfferedIssuer[], issuer: string | null, server: string): OfferedIssuer {
  const names = all.map(({ name }) => name).join(', ') || 'none';
  const [found, second] = issuer === null ? all : all.filter(({ name }) => name === issuer);
  if (found !== undefined && second === undefined) return found;
  throw new PluginError(
    second !== undefined
      ? `kubepass offers several sign-ins: say --issuer with one of ${names}`
      : issuer !== null
        ? `kubepass offers no sign-in by ${JSON.stringify(issuer)}; it has ${names}`
        : `${server} offers no sign-in for people. Give a token: KUBEPASS_TOKEN, --token-file or --token-command`,
  );
}

async function mustConfirm(login: Login, { scopes }: OfferedIssuer, machine: Machine): Promise<void> {
  const { server, issuer, clientId, audience } = login;
  const shown = [
    ['server', server],
    ['its CA', authorityName(login)],
    ['identity provider', issuer],
    ['client, scopes', [clientId, ...scopes].join(' ')],
    ['token for', audience ?? 'whomever the identity provider says'],
  ].map(([name = '', value]) => `  ${(name ?? '').padEnd(17)}  ${oneLine(value ?? '')}\n`);
  const yes = await machine.confirm(
    `The server will get your token of the identity provider:\n${shown.join('')}Is it a kubepass of yours?`,
  );
  if (yes === null)
    throw new PluginError(
      `there is no terminal to ask whether ${server} may have a token of yours: confirm it with --yes`,
    );
  if (!yes) throw new PluginError('you did not log in');
}
