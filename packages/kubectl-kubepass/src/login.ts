import { addContext, mustBeReadable, tryContext } from './add-context.js';
import { CertificateAsks, progressOf, type Asked, type Wanted } from './ask-for-certificate.js';
import type { LoginOptions, LoginSettings } from './command-line.js';
import { underLock } from './cache-lock.js';
import { cacheOfLogin, ownCacheOf } from './cache-of.js';
import type { CredentialCache } from './credential-cache.js';
import { callMilliseconds as briefMilliseconds } from './get-credential.js';
import { entriesOfService } from './kubeconfig-entries.js';
import { adoptAttempt, becomeLastLogin } from './last-login.js';
import type { Machine } from './machine.js';
import { newLogin } from './new-login.js';
import { PluginError, RefusedError, UnavailableError } from './plugin-error.js';
import { ServiceClient, type Authorization } from './service-client.js';
import { credentialArguments, type Settings } from './settings.js';

const callMilliseconds = 40_000;
/** Under the lock of the cache no call is longer than others wait for that. */
const waitSeconds = 5;
const pollMilliseconds = 2_000;

/** Signs in, gets a certificate, waits for the people who must approve it, and adds a context to the kubeconfig. */
export async function login(options: LoginOptions, machine: Machine): Promise<void> {
  const client = new ServiceClient(options.settings, machine, callMilliseconds);
  mustBeReadable(options, machine);
  const { name, authorization, login: own } = await newLogin(options, client, machine);
  cacheOfLogin(options.settings, machine).write('login', own);
  const cluster = await clusterOf(options.settings, client, authorization);
  // Two people who give no name are two entries of the cache all the same, each with a context of its own.
  const username = options.settings.username ?? name;
  const settings: Settings = { ...options.settings, cluster, username };
  // Before anything is issued: the cluster is there, and so is what goes into the kubeconfig, which takes it.
  const service = entriesOfService(await client.clusterKubeconfig(cluster, authorization));
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
  const asked = await underLock(cache, machine, () => begun(asks, cache, wanted, authorization, machine));
  const credential = await whenIssued(asked, asks, cache, startedAt, authorization, machine);

  if (nameless !== null) await becomeLastLogin(nameless, username, machine);
  const file = await addContext(entries, options, machine);
  const groups = credential.groups.length === 0 ? '' : ` in ${credential.groups.join(', ')}`;
  machine.print(
    `You are ${credential.username}${groups} on ${settings.cluster} until ${new Date(credential.notAfter).toISOString()}; kubectl renews that by itself.\n` +
      `Context ${JSON.stringify(context)} is in ${file}.\n`,
  );
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
