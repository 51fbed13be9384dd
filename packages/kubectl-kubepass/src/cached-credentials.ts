import type { RevokeOptions, Selection, StatusOptions } from './command-line.js';
import { underLock } from './cache-lock.js';
import { allCaches, cacheOf, cacheOfLogin, type Login, ownCacheOf } from './credential-cache.js';
import { callMilliseconds } from './get-credential.js';
import { type Machine, oneLine } from './machine.js';
import { PluginError } from './plugin-error.js';
import { type SelectedContext, selectedContexts } from './contexts.js';
import { loginOf, serviceAtLogin, signIn } from './sign-in.js';
import { loginCommand } from './settings.js';
import { hasLooseToken, serverOfTokens } from './tokens.js';

/** `unknown`: nothing is cached. `due`: the next use renews it. `pending`: a person must approve first. */
type State = 'valid' | 'due' | 'expired' | 'revoked' | 'pending' | 'unknown';

interface Status {
  readonly context: string;
  readonly server: string;
  readonly cluster: string;
  readonly username: string | null;
  readonly groups: readonly string[];
  readonly notAfter: string | null;
  readonly renewAt: string | null;
  readonly state: State;
}

/**
 * Shows what is cached. Kubepass is asked whether a certificate is revoked where a token is at hand; the cache knows
 * the rest.
 */
export async function status({ selection, json }: StatusOptions, machine: Machine): Promise<void> {
  const items = await Promise.all(
    selectedContexts(selection, machine).map((one) =>
      statusOf(one, mayGetLooseToken(selection, one, machine), machine),
    ),
  );
  machine.print(json ? `${JSON.stringify({ items }, null, 2)}\n` : table(items));
}

/**
 * Whether KUBEPASS_TOKEN, or the token of a pod, may go to the server of this context. A person who names a context, or
 * whose current one it is, means its server. A kubeconfig may have contexts of other servers, so `--all` means none of
 * them.
 */
const mayGetLooseToken = (
  { all, tokenServer }: Selection,
  { settings }: SelectedContext,
  { environment }: Machine,
): boolean => !all || settings.server === (tokenServer ?? serverOfTokens(environment));

const namesToken = (login: Login | null): boolean => login !== null && (login.tokenFile ?? login.tokenCommand) !== null;

const sayWhoseToken = 'the token at hand is for one server: name it with --server or KUBEPASS_SERVER';

async function statusOf({ context, settings }: SelectedContext, loose: boolean, machine: Machine): Promise<Status> {
  const cache = cacheOf(settings, machine);
  const cached = cache.read('credential');
  const { server, cluster, username, groups } = cached ?? settings;
  const pending = cache.read('attempt')?.pendingRequest ?? null;
  let state: State = pending === null ? 'unknown' : 'pending';
  if (cached !== null) {
    const now = machine.now();
    state = now >= cached.notAfter ? 'expired' : pending !== null ? 'pending' : now >= cached.renewAt ? 'due' : 'valid';
    const isKnown = cache.read('refusal')?.revoked === true;
    if (!isKnown && !loose && !namesToken(loginOf(settings, machine)) && hasLooseToken(machine))
      machine.say(
        `kubepass: ${settings.server} is not asked about context ${JSON.stringify(context)}, whose status is that of the cache: ${sayWhoseToken}`,
      );
    if (isKnown || (await isRevoked(settings, cached.fingerprintSha256, loose, machine))) state = 'revoked';
  }
  return {
    context,
    server,
    cluster,
    username,
    groups,
    notAfter: cached && new Date(cached.notAfter).toISOString(),
    renewAt: cached && new Date(cached.renewAt).toISOString(),
    state,
  };
}

async function isRevoked(
  settings: SelectedContext['settings'],
  fingerprint: string,
  loose: boolean,
  machine: Machine,
): Promise<boolean> {
  try {
    const service = serviceAtLogin(settings, machine, callMilliseconds);
    const who = await signIn(service, machine, { interactive: false, loose });
    return who !== null && (await service.client.statusOf(fingerprint, who.authorization)) === 'revoked';
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    machine.say(`kubepass: ${error.message}; the status is that of the cache`);
    return false;
  }
}

function table(items: readonly Status[]): string {
  const rows = [
    ['CONTEXT', 'CLUSTER', 'USERNAME', 'GROUPS', 'NOT AFTER', 'RENEW AT', 'STATE'],
    ...items.map(({ context, cluster, username, groups, notAfter, renewAt, state }) => [
      ...[context, cluster, username ?? '-', groups.join(',') || '-', notAfter ?? '-', renewAt ?? '-', state].map(
        oneLine,
      ),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** Forgets certificates and keys, and the logins. They go on to work for whoever has a copy: `revoke` ends that. */
export async function logout(selection: Selection, machine: Machine): Promise<void> {
  if (selection.all) {
    await forgetAll(machine);
    return;
  }
  for (const { context, settings } of selectedContexts(selection, machine)) {
    const cache = cacheOf(settings, machine);
    await underLock(cache, machine, async () => {
      cache.forget();
    });
    await forgetPerson(settings, machine);
    machine.print(`The certificate of context ${JSON.stringify(context)} is forgotten.\n`);
    const login = cacheOfLogin(settings, machine);
    if (login.read('login') !== null) machine.print(`The login at ${settings.server} is forgotten.\n`);
    login.remove('login');
  }
}

/** A context that names nobody is for nobody in particular again. */
async function forgetPerson(settings: SelectedContext['settings'], machine: Machine): Promise<void> {
  if (settings.username !== null) return;
  const cache = ownCacheOf(settings, machine);
  await underLock(cache, machine, async () => {
    cache.forget();
  });
}

/** Goes through the whole cache, because no kubeconfig may name any more what is in it. */
async function forgetAll(machine: Machine): Promise<void> {
  const said = await Promise.all(
    allCaches(machine).map((cache) =>
      underLock(cache, machine, async () => {
        const credential = cache.read('credential');
        const attempt = cache.read('attempt');
        const login = cache.read('login');
        cache.forget();
        if (login !== null) return `The login at ${login.server} is forgotten.\n`;
        if (credential !== null)
          return `The certificate of ${credential.username} on ${credential.cluster} at ${credential.server} is forgotten.\n`;
        return attempt === null ? '' : `The certificate request of ${attempt.username} is forgotten.\n`;
      }),
    ),
  );
  machine.print(said.join('') || 'Nothing is cached.\n');
}

/** Revokes the certificates at kubepass, and forgets those that are revoked. */
export async function revoke({ selection, reason, comment }: RevokeOptions, machine: Machine): Promise<void> {
  const ask = { reason, ...(comment !== null && { comment }) };
  const left: string[] = [];
  for (const one of selectedContexts(selection, machine)) {
    const { context, settings } = one;
    const loose = mayGetLooseToken(selection, one, machine);
    if (cacheOf(settings, machine).read('credential') === null)
      machine.print(`No certificate of context ${JSON.stringify(context)} is cached.\n`);
    else if (!loose && !namesToken(loginOf(settings, machine)) && hasLooseToken(machine)) left.push(context);
    else await revokeOne(one, loose, ask, machine);
  }
  if (left.length > 0)
    throw new PluginError(
      `not revoked: ${left.map((context) => JSON.stringify(context)).join(', ')}, because ${sayWhoseToken}`,
    );
}

async function revokeOne(
  { context, settings }: SelectedContext,
  loose: boolean,
  ask: object,
  machine: Machine,
): Promise<void> {
  const cache = cacheOf(settings, machine);
  const service = serviceAtLogin(settings, machine, callMilliseconds);
  const who = await signIn(service, machine, { interactive: true, loose });
  if (who === null)
    throw new PluginError(
      `revoking takes a login at ${settings.server}, and a token or a sign-in: ${loginCommand(service.settings)}`,
    );
  await underLock(cache, machine, async () => {
    // A kubectl that worked for too long may have lost the lock, and have renewed meanwhile.
    for (let revoked: string | null = null; ;) {
      const fingerprint = cache.read('credential')?.fingerprintSha256 ?? null;
      if (fingerprint === null || fingerprint === revoked) break;
      await service.client.revoke(fingerprint, ask, who.authorization);
      revoked = fingerprint;
    }
    cache.forget();
  });
  await forgetPerson(settings, machine);
  machine.print(`The certificate of context ${JSON.stringify(context)} is revoked and forgotten.\n`);
}
