import { isDeepStrictEqual } from 'node:util';
import { addContext, mustBeReadable, tryContext } from './contexts.js';
import { type Asked, CertificateAsks, progressOf, type Wanted } from './ask-for-certificate.js';
import type { LoginOptions, LoginSettings } from './command-line.js';
import { underLock } from './cache-lock.js';
import { cacheOfLogin, type CredentialCache, type Login, ownCacheOf } from './credential-cache.js';
import { callMilliseconds as briefMilliseconds } from './get-credential.js';
import { entriesOfService } from './kubeconfig-entries.js';
import { type Machine, oneLine } from './machine.js';
import { untilInWords } from './times-in-words.js';
import { PluginError, RefusedError, UnavailableError } from './plugin-error.js';
import { type Authorization, type OfferedIssuer, ServiceClient } from './service-client.js';
import { credentialArguments, type Settings } from './settings.js';
import { authorityName, loginOf, ownAudience, type SignedIn, signInByProvider, signInByToken } from './sign-in.js';
import { tokenAtHand, withheldToken } from './tokens.js';

const callMilliseconds = 40_000;
/** Under the lock of the cache no call is longer than others wait for that. */
const waitSeconds = 5;
const pollMilliseconds = 2_000;

/** Signs in, gets a certificate, waits for the people who must approve it, and adds a context to the kubeconfig. */
export async function login(given: LoginOptions, machine: Machine): Promise<void> {
  const options = withKnownAuthority(given, machine);
  const client = new ServiceClient(options.settings, machine, callMilliseconds);
  mustBeReadable(options, machine);
  const { name, authorization, login: own } = await newLogin(options, client, machine);
  cacheOfLogin(options.settings, machine).write('login', own);
  const cluster = await clusterOf(options.settings, client, authorization);
  // Two people who give no name are two entries of the cache all the same, each with a context of its own.
  const username = options.settings.username ?? name;
  const settings: Settings = { ...options.settings, cluster, username };
  // Before anything is issued: the cluster is there, and so is what goes into the kubeconfig, which takes it.
  const service = entriesOfService(await kubeconfigOf(cluster, client, authorization));
  const context = options.context ?? `${username}@${cluster}`;
  const exec = { args: credentialArguments(settings), installHint: service.installHint };
  const entries = { context, namespace: settings.namespace, cluster: service.cluster, exec };
  await tryContext(entries, settings, options, machine);

  const cache = ownCacheOf(settings, machine);
  cache.prepare();
  const nameless = options.settings.username === null ? { ...settings, username: null } : null;
  if (nameless !== null) await adoptAttempt(nameless, { name, cache }, machine);
  cache.remove('refusal', 'failure');
  const briefly = new ServiceClient(options.settings, machine, briefMilliseconds);
  const asks = new CertificateAsks(settings, cache, briefly, machine);
  const startedAt = machine.now();
  const wanted = { principal: name, username, groups: settings.groups };
  const asked = await underLock(cache, machine, () => begun(asks, cache, wanted, authorization, machine)).catch(
    (error: unknown) => {
      cache.removeIfEmpty();
      throw error;
    },
  );
  const credential = await whenIssued(asked, asks, cache, startedAt, authorization, machine);

  if (nameless !== null) await becomeLastLogin(nameless, username, machine);
  const file = await addContext(entries, options, machine);
  const groups = credential.groups.length === 0 ? '' : ` in ${credential.groups.join(', ')}`;
  machine.print(
    `You are ${credential.username}${groups} on ${settings.cluster} until ${untilInWords(credential.notAfter, machine.now())}; kubectl renews that by itself.\n` +
      `Context ${JSON.stringify(context)} is in ${file}.\n`,
  );
}

/** With the CA of the earlier login there, unless another CA is named. */
function withKnownAuthority(options: LoginOptions, machine: Machine): LoginOptions {
  const { settings } = options;
  const certificateAuthority =
    settings.certificateAuthority ?? loginOf(settings, machine)?.certificateAuthority ?? null;
  return { ...options, settings: { ...settings, certificateAuthority } };
}

/** Asks, or goes on with the ask that waits for people. */
async function begun(
  asks: CertificateAsks,
  cache: CredentialCache,
  wanted: Wanted,
  authorization: Authorization,
  machine: Machine,
): Promise<Asked> {
  const attempt = cache.read('attempt');
  const isOwn = attempt !== null && (attempt.principal === null || attempt.principal === wanted.principal);
  const pendingRequest = isOwn ? attempt.pendingRequest : null;
  // An ask that waits for people is gone on with; another one, for a renewal, is not this one.
  if (isOwn && pendingRequest === null && attempt.renewalOf !== null) cache.remove('attempt');
  if (isOwn && pendingRequest !== null) {
    machine.say(`kubepass: goes on with certificate request ${pendingRequest}`);
    return asks.follow({ ...attempt, pendingRequest }, authorization);
  }
  return asks.create(wanted, waitSeconds, authorization);
}

async function clusterOf(
  { cluster, server }: LoginSettings,
  client: ServiceClient,
  authorization: Authorization,
): Promise<string> {
  if (cluster !== null) return cluster;
  const names = await client.clusterNames(authorization);
  const [only] = names;
  if (only === undefined || names.length > 1)
    throw new PluginError(`${server} has several clusters: say --cluster with one of ${names.join(', ')}`);
  return only;
}

/** Throws a sentence with the clusters that there are where this one is not among them. */
async function kubeconfigOf(cluster: string, client: ServiceClient, authorization: Authorization): Promise<string> {
  try {
    return await client.clusterKubeconfig(cluster, authorization);
  } catch (error) {
    if (!(error instanceof RefusedError && error.why === 'absent')) throw error;
    const names = await client.clusterNames(authorization);
    if (names.includes(cluster)) throw error;
    throw new PluginError(
      names.length === 0
        ? `no cluster ${cluster}; there is none that you may see`
        : `no cluster ${cluster}; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`,
    );
  }
}

/** Says each change of what is waited for. A blip of the network is no end. */
async function whenIssued(
  asked: Asked,
  asks: CertificateAsks,
  cache: CredentialCache,
  startedAt: number,
  authorization: Authorization,
  machine: Machine,
) {
  let last = asked;
  let said = '';
  for (;;) {
    if (last.kind === 'issued') return last.credential;
    const progress = `kubepass: certificate request ${last.request.id} ${progressOf(last.request)}`;
    if (progress !== said) machine.say(progress);
    said = progress;
    await machine.sleep(pollMilliseconds);
    try {
      last = await underLock(cache, machine, async () => {
        const attempt = cache.read('attempt');
        const pendingRequest = attempt?.pendingRequest ?? null;
        if (attempt !== null && pendingRequest !== null)
          return asks.follow({ ...attempt, pendingRequest }, authorization);
        // Another kubectl has collected it.
        const credential = cache.read('credential');
        if (credential !== null && credential.issuedAt >= startedAt) return { kind: 'issued', credential };
        throw new PluginError('another kubectl has ended this login');
      });
    } catch (error) {
      if (error instanceof RefusedError && error.why === 'unauthenticated')
        throw new PluginError(
          'your sign-in has ended while the request waits. Log in again later: it goes on with the same request',
        );
      if (!(error instanceof UnavailableError)) throw error;
      machine.say(`kubepass: ${error.message}; it is asked again`);
    }
  }
}

/** Signs in at the server that a person names. They confirm the identity provider of a server once. */
async function newLogin(
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
  const withheld = withheldToken(server, machine);
  if (withheld !== null) machine.say(`kubepass: ${withheld}`);
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

/** Takes over the ask of a kubectl that named nobody, and told this person to log in. */
async function adoptAttempt(
  nameless: Settings,
  person: { readonly name: string; readonly cache: CredentialCache },
  machine: Machine,
): Promise<void> {
  const from = ownCacheOf(nameless, machine);
  await underLock(from, machine, async () => {
    const attempt = from.read('attempt');
    if (attempt === null || attempt.username !== person.name || person.cache.read('attempt') !== null) return;
    if (attempt.principal !== null && attempt.principal !== person.name) return;
    person.cache.write('attempt', attempt);
    from.remove('attempt');
  });
}

/**
 * From now on the settings that name nobody are for this person, and what was cached for somebody else is forgotten.
 */
async function becomeLastLogin(nameless: Settings, username: string, machine: Machine): Promise<void> {
  const own = ownCacheOf(nameless, machine);
  await underLock(own, machine, async () => {
    own.forget();
    own.write('person', { username, reason: nameless.reason });
  });
}
