import type { RevokeOptions, Selection, StatusOptions } from './command-line.js';
import { underLock } from './cache-lock.js';
import {
  allCaches,
  type CachedCredential,
  cacheOf,
  cacheOfLogin,
  forgetAuthorities,
  type Login,
  ownCacheOf,
  type Revocation,
} from './credential-cache.js';
import { callMilliseconds } from './get-credential.js';
import { type Machine, oneLine } from './machine.js';
import { PluginError } from './plugin-error.js';
import { type SelectedContext, selectedContexts } from './contexts.js';
import { goingOn, issuesAnew } from './revocation-notes.js';
import { loginOf, serviceAtLogin, signIn } from './sign-in.js';
import { loginCommand } from './settings.js';
import { timeInWords } from './times-in-words.js';
import { hasLooseToken, serverOfTokens, withheldToken } from './tokens.js';

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
  /** The uses of a revoked certificate that go on; left out where that is not known. */
  readonly continues?: readonly string[];
}

/** What kubepass says of a certificate and its identity; null: it does not say. */
interface Said {
  readonly isRevoked: boolean;
  readonly continues: readonly string[] | null;
  readonly isBlocked: boolean | null;
}

/** A row of the table, and the lines that a person reads below it. */
interface Shown {
  readonly status: Status;
  readonly notes: readonly string[];
}

/**
 * Shows what is cached. Kubepass is asked whether a certificate is revoked where a token is at hand; the cache knows
 * the rest.
 */
export async function status({ selection, json }: StatusOptions, machine: Machine): Promise<void> {
  const shown = await Promise.all(
    selectedContexts(selection, machine).map((one) => shownOf(one, mayGetLooseToken(selection, one, machine), machine)),
  );
  const items = shown.map(({ status }) => status);
  const notes = [...new Set(shown.flatMap((one) => one.notes))].map((line) => `${oneLine(line)}\n`);
  machine.print(
    json
      ? `${JSON.stringify({ items }, null, 2)}\n`
      : table(items, machine.now()) + (notes.length === 0 ? '' : `\n${notes.join('')}`),
  );
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

async function shownOf(one: SelectedContext, loose: boolean, machine: Machine): Promise<Shown> {
  const { context, settings } = one;
  const cache = cacheOf(settings, machine);
  const cached = cache.read('credential');
  const { server, cluster, username, groups } = cached ?? settings;
  const pending = cache.read('attempt')?.pendingRequest ?? null;
  let state: State = pending === null ? 'unknown' : 'pending';
  let said: Said = nothingSaid;
  if (cached !== null) {
    const now = machine.now();
    state = now >= cached.notAfter ? 'expired' : pending !== null ? 'pending' : now >= cached.renewAt ? 'due' : 'valid';
    const isKnown = cache.read('refusal')?.revoked === true;
    if (!isKnown && !loose && !namesToken(loginOf(settings, machine)) && hasLooseToken(machine))
      machine.say(
        `kubepass: ${settings.server} is not asked about context ${JSON.stringify(context)}, whose status is that of the cache: ${sayWhoseToken}`,
      );
    said = await saidOf(settings, cached, loose, machine);
    if (isKnown || said.isRevoked) state = 'revoked';
  } else if (cache.read('revocation') !== null) said = await saidOf(settings, null, loose, machine);
  const status: Status = {
    context,
    server,
    cluster,
    username,
    groups,
    notAfter: cached && new Date(cached.notAfter).toISOString(),
    renewAt: cached && new Date(cached.renewAt).toISOString(),
    state,
    ...(state === 'revoked' && said.continues !== null && { continues: said.continues }),
  };
  return { status, notes: notesOn(one, status, said.isBlocked, machine) };
}

const nothingSaid: Said = { isRevoked: false, continues: null, isBlocked: null };

async function saidOf(
  settings: SelectedContext['settings'],
  cached: CachedCredential | null,
  loose: boolean,
  machine: Machine,
): Promise<Said> {
  const { username, cluster } = cached ?? settings;
  try {
    const { client, ...service } = serviceAtLogin(settings, machine, callMilliseconds);
    const who = await signIn({ client, ...service }, machine, { interactive: false, loose });
    if (who === null) return nothingSaid;
    const isBlocked = username === null ? null : await client.isBlocked({ username, cluster }, who.authorization);
    if (cached === null || (await client.statusOf(cached.fingerprintSha256, who.authorization)) !== 'revoked')
      return { ...nothingSaid, isBlocked };
    return {
      isRevoked: true,
      continues: await client.continuing(cached.fingerprintSha256, who.authorization),
      isBlocked,
    };
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    machine.say(`kubepass: ${error.message}; the status is that of the cache`);
    return nothingSaid;
  }
}

/** The lines below the table: which uses of a revoked certificate go on, and how a new one comes. */
function notesOn(
  { context, settings }: SelectedContext,
  { state, notAfter, continues }: Status,
  isBlocked: boolean | null,
  machine: Machine,
): readonly string[] {
  const now = machine.now();
  const before = cacheOf(settings, machine).read('revocation');
  const name = JSON.stringify(context);
  return [
    ...(state === 'revoked'
      ? goingOn(`The revoked certificate of context ${name}`, continues ?? null, Date.parse(notAfter ?? ''), now)
      : []),
    ...(before !== null && now < before.notAfter
      ? goingOn(
          `The certificate of context ${name} that was revoked here ${timeInWords(before.revokedAt, now)}`,
          before.continues,
          before.notAfter,
          now,
        )
      : []),
    ...(state === 'revoked' || (state === 'unknown' && before !== null)
      ? issuesAnew(context, settings, isBlocked, machine)
      : []),
  ];
}

function table(items: readonly Status[], now: number): string {
  const rows = [
    ['CONTEXT', 'CLUSTER', 'USERNAME', 'GROUPS', 'NOT AFTER', 'RENEW AT', 'STATE'],
    ...items.map(({ context, cluster, username, groups, notAfter, renewAt, state }) => [
      ...[
        context,
        cluster,
        username ?? '-',
        groups.join(',') || '-',
        cell(notAfter, now),
        cell(renewAt, now),
        state,
      ].map(oneLine),
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

/** `in 3 h 20 min (2026-12-01T17:20:00Z)`. */
const cell = (time: string | null, now: number): string => (time === null ? '-' : timeInWords(Date.parse(time), now));

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
  forgetAuthorities(machine);
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
  if (who === null) {
    const withheld = withheldToken(settings.server, machine);
    throw new PluginError(
      `revoking takes a login at ${settings.server}, and a token or a sign-in: ${loginCommand(service.settings)}${withheld === null ? '' : `. ${withheld}`}`,
    );
  }
  const credential = cache.read('credential');
  const revocation = await underLock(cache, machine, async () => {
    let last: Revocation | null = null;
    // A kubectl that worked for too long may have lost the lock, and have renewed meanwhile.
    for (let revoked: string | null = null; ;) {
      const { fingerprintSha256 = null, notAfter = 0 } = cache.read('credential') ?? {};
      if (fingerprintSha256 === null || fingerprintSha256 === revoked) break;
      const continues = await service.client.revoke(fingerprintSha256, ask, who.authorization);
      last = { revokedAt: machine.now(), notAfter, continues };
      revoked = fingerprintSha256;
    }
    cache.forget();
    return last;
  });
  await forgetPerson(settings, machine);
  // Without a username, these settings have another cache once the person is forgotten.
  if (revocation !== null)
    for (const place of [cache, cacheOf(settings, machine)]) place.write('revocation', revocation);
  machine.print(`The certificate of context ${JSON.stringify(context)} is revoked and forgotten.\n`);
  const { continues = [], notAfter = 0 } = revocation ?? {};
  const isBlocked = credential && (await service.client.isBlocked(credential, who.authorization));
  const lines = [
    ...goingOn('It', continues, notAfter, machine.now()),
    ...issuesAnew(context, settings, isBlocked, machine),
  ];
  machine.print(lines.map((line) => `${oneLine(line)}\n`).join(''));
}
