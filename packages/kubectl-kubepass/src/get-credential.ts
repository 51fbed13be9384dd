import type { Asked } from './ask-for-certificate.js';
import { CacheLock, longestHoldMilliseconds } from './cache-lock.js';
import { type CachedCredential, type CredentialCache, ofLastLogin, ownCacheOf } from './credential-cache.js';
import { type Machine, oneLine } from './machine.js';
import { isOfSystem, sentenceOf } from '@kubepass/inspect/command-line';
import { PluginError, RefusedError, TooEarlyError, UnavailableError } from './plugin-error.js';
import { isComfortable, isFresh } from './renewal-times.js';
import { instant, untilInWords } from './times-in-words.js';
import { type LoginHint, loginCommand, type Settings } from './settings.js';
import { withheldToken } from './tokens.js';

/** kubectl calls the plugin about six times for one command. */
const refusalMilliseconds = 10_000;
/** After a failed renewal the certificate is handed out for a while without another try. */
const retryMilliseconds = 10_000;
/** kubepass looks at a request that waits for a person at most so often for one machine. */
const pendingMilliseconds = 30_000;
/** kubepass records each ask to which it says no. */
const tooEarlyMilliseconds = 300_000;
/** One call ends before others take the lock over. The kept ask makes several calls one issuance. */
export const callMilliseconds = longestHoldMilliseconds - 2_000;
const waitSeconds = 5;

/** An ask of one kubectl: with these settings and this cache, and whether a person is there to sign in. */
interface Wanted {
  readonly settings: Settings;
  readonly cache: CredentialCache;
  readonly machine: Machine;
  readonly interactive: boolean;
}

/**
 * The credential of these settings: from the cache, renewed when that is due, or a new one where there is a way to sign
 * in. The parts that talk to kubepass are loaded when they are needed.
 */
export async function getCredential(
  given: Settings,
  machine: Machine,
  interactive: boolean,
): Promise<CachedCredential> {
  const settings = ofLastLogin(given, machine);
  const cache = ownCacheOf(settings, machine);
  const cached = cache.read('credential');
  if (cached !== null && isFresh(cached, machine.now())) return cached;
  try {
    return await dueCredential({ settings, cache, machine, interactive }, cached);
  } catch (error) {
    // A full disk, or one on which nothing may be written, ends no certificate that works.
    if (!isOfSystem(error) || cached === null || machine.now() >= cached.notAfter) throw error;
    machine.say(notRenewed(cached, machine.now(), error));
    return cached;
  }
}

const notRenewed = ({ notAfter }: CachedCredential, now: number, error: unknown): string =>
  `kubepass: the certificate could not be renewed and works until ${untilInWords(notAfter, now)}: ${sentenceOf(error)}`;

async function dueCredential(wanted: Wanted, cached: CachedCredential | null): Promise<CachedCredential> {
  const { cache, machine } = wanted;
  throwIfRefused(cache, machine);
  const hasTime = cached !== null && isComfortable(cached, machine.now());
  const wait = (cache.read('failure')?.retryAt ?? 0) - machine.now();
  const mayWait = hasTime || (cached !== null && machine.now() < cached.notAfter && isPending(cache));
  // A longer wait is that of a clock that was set back.
  if (mayWait && wait > 0 && wait <= tooEarlyMilliseconds) return cached;

  cache.prepare();
  const lock = new CacheLock(cache.directory, machine);
  // Somebody else renews it already, and this one works.
  const held = hasTime ? lock.tryAcquire() : await lock.acquire();
  if (held === null) {
    if (cached === null) throw new PluginError('another kubectl asks for this credential');
    return cached;
  }
  try {
    // After the wait for the lock there may be nothing left to do.
    const now = cache.read('credential');
    if (now !== null && isFresh(now, machine.now())) return now;
    throwIfRefused(cache, machine);
    return await renewed(wanted, now);
  } finally {
    held.release();
  }
}

/** Whether a person is still to decide, as far as is known here. */
const isPending = (cache: CredentialCache): boolean => (cache.read('attempt')?.pendingRequest ?? null) !== null;

function throwIfRefused(cache: CredentialCache, machine: Machine): void {
  const refusal = cache.read('refusal');
  if (refusal === null) return;
  const age = machine.now() - refusal.at;
  const [message = '', ...more] = refusal.message.split('\n');
  if (age >= 0 && age < (refusal.milliseconds ?? refusalMilliseconds)) throw new PluginError(message, { more });
}

async function renewed(wanted: Wanted, cached: CachedCredential | null): Promise<CachedCredential> {
  const { cache, machine } = wanted;
  const lives = () => cached !== null && machine.now() < cached.notAfter;
  try {
    return await ask(wanted, cached);
  } catch (error) {
    if (error instanceof UnavailableError && cached !== null && lives()) {
      const wait = error instanceof TooEarlyError ? tooEarlyMilliseconds : retryMilliseconds;
      remember(cache, 'failure', { retryAt: machine.now() + wait });
      machine.say(notRenewed(cached, machine.now(), error));
      return cached;
    }
    if (error instanceof PendingError && cached !== null && lives()) {
      machine.say(
        `kubepass: ${error.message}; the old certificate works until ${untilInWords(cached.notAfter, machine.now())}`,
      );
      remember(cache, 'failure', { retryAt: machine.now() + pendingMilliseconds });
      return cached;
    }
    if (error instanceof PluginError && !(error instanceof UnavailableError || error instanceof NotSignedInError)) {
      const revoked = error instanceof RefusedError && error.why === 'revoked';
      const message = [error.message, ...error.more].map(oneLine).join('\n');
      const milliseconds = error instanceof PendingError ? pendingMilliseconds : refusalMilliseconds;
      remember(cache, 'refusal', { at: machine.now(), message, revoked, milliseconds });
    }
    throw error;
  }
}

/** For the calls that follow. On a full disk they ask again: the answer to this one is what kubepass said. */
function remember(...[cache, kind, value]: [CredentialCache, ...Parameters<CredentialCache['write']>]): void {
  try {
    cache.write(kind, value);
  } catch (error) {
    if (!isOfSystem(error)) throw error;
  }
}

/** A person must decide before there is a certificate. */
class PendingError extends PluginError {
  override readonly name = 'PendingError';
}

/** Nobody was asked, so there is nothing to remember. */
class NotSignedInError extends PluginError {
  override readonly name = 'NotSignedInError';
}

async function ask(wanted: Wanted, cached: CachedCredential | null): Promise<CachedCredential> {
  const { cache, machine } = wanted;
  const { CertificateAsks, progressOf } = await import('./ask-for-certificate.js');
  const { serviceAtLogin } = await import('./sign-in.js');
  const { signIn } = await import('./sign-in.js');
  const service = serviceAtLogin(wanted.settings, machine, callMilliseconds);
  const { login, client, settings } = service;
  const asks = new CertificateAsks(settings, cache, client, machine);

  const attempt = cache.read('attempt');
  // The key of the certificate that is renewed is proof enough to look what became of the renewal.
  const isProven = cached !== null && attempt?.renewalOf === cached.fingerprintSha256;
  if (attempt !== null && attempt.pendingRequest !== null && !isProven) {
    const who = await signIn(service, machine, { interactive: false });
    const { pendingRequest } = attempt;
    if (who === null)
      throw new PendingError(
        `certificate request ${pendingRequest} waited for a person when it was last looked at, which takes a sign-in. Run: ${loginCommand(settings)}`,
      );
    // The request of another principal is theirs to collect.
    if (attempt.principal === null || attempt.principal === who.name)
      return mustBeIssued(await asks.follow({ ...attempt, pendingRequest }, who.authorization), settings);
  }

  let refused: PluginError | null = null;
  if (cached !== null)
    try {
      const asked = await asks.renew(cached, waitSeconds);
      if (asked.kind === 'issued') return asked.credential;
      throw new PendingError(
        `certificate request ${asked.request.id} ${progressOf(asked.request)} at ${instant(machine.now())}; once it is approved, kubectl collects the certificate by itself`,
      );
    } catch (error) {
      // Only a new sign-in helps. Every other refusal is the answer: nothing goes round it.
      const isTooLate = error instanceof TooEarlyError && machine.now() >= cached.notAfter;
      if (!isTooLate && !(error instanceof RefusedError && (error.why === 'ended' || error.why === 'unauthenticated')))
        throw error instanceof RefusedError ? refusedFor(settings, error) : error;
      refused = error;
    }
  const who = await signedIn(wanted, (options) => signIn(service, machine, options));
  if (who === null) {
    const withheld = withheldToken(settings.server, machine);
    if (withheld !== null) machine.say(`kubepass: ${withheld}`);
    // Renewals without a sign-in have ended, and the certificate has not.
    const goesOn = cached !== null && machine.now() < cached.notAfter;
    if (goesOn && refused instanceof RefusedError && refused.why === 'ended')
      throw new TooEarlyError(`${refused.message}. Run: ${loginCommand(settings)}`);
    if (refused !== null) throw explained(refused, `Run: ${loginCommand(settings)}`, 'kubepass: ');
    throw new NotSignedInError(
      login === null
        ? `you have not logged in at ${settings.server}. If it is a kubepass of yours, run: ${loginCommand(settings)}`
        : `kubepass: there is no credential for this context yet. Run: ${loginCommand(settings)}`,
    );
  }
  const identity = { principal: who.name, username: settings.username ?? who.name, groups: settings.groups };
  return mustBeIssued(
    await asks.create(identity, waitSeconds, who.authorization).catch((error: unknown) => {
      throw error instanceof RefusedError ? refusedFor(settings, error) : error;
    }),
    settings,
  );
}

/** A person needs minutes to sign in. Meanwhile no other kubectl opens a second browser. */
async function signedIn<T>(
  { settings, cache, machine, interactive }: Wanted,
  signIn: (options: { readonly interactive: boolean }) => Promise<T | null>,
): Promise<T | null> {
  const atOnce = await signIn({ interactive: false });
  if (atOnce !== null || !interactive) return atOnce;
  const lock = new CacheLock(cache.directory, machine, { name: 'sign-in', longestHold: 300_000 });
  const held = lock.tryAcquire();
  if (held === null)
    throw new RefusedError(
      `kubepass: another kubectl waits for you to sign in. Finish that, or run: ${loginCommand(settings)}`,
    );
  try {
    return await signIn({ interactive: true });
  } finally {
    held.release();
  }
}

function mustBeIssued(asked: Asked, settings: LoginHint): CachedCredential {
  if (asked.kind === 'issued') return asked.credential;
  throw new PendingError(
    `certificate request ${asked.request.id} waits for a person to approve it. When it is approved, run: ${loginCommand(settings)}`,
  );
}

function refusedFor(settings: LoginHint, error: RefusedError): RefusedError {
  const advice =
    error.why === 'revoked'
      ? `If you still need access, ask whoever administers kubepass, then run: ${loginCommand(settings)}`
      : `When that is settled, run: ${loginCommand(settings)}`;
  return explained(error, advice, `kubepass refuses the certificate for ${settings.cluster}: `);
}

/** With advice in the same sentence, or behind the lines that say why. */
function explained(error: PluginError, advice: string, before: string): RefusedError {
  const { message, more } = error;
  const why = error instanceof RefusedError ? error.why : 'refused';
  return more.length === 0
    ? new RefusedError(`${before}${message}. ${advice}`, why)
    : new RefusedError(`${before}${message}`, why, null, [...more, advice]);
}
