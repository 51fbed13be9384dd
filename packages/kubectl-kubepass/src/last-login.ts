import { ownCacheOf } from './cache-of.js';
import { underLock } from './cache-lock.js';
import type { CredentialCache } from './credential-cache.js';
import type { Machine } from './machine.js';
import type { Settings } from './settings.js';

/** Takes over the ask of a kubectl that named nobody, and told this person to log in. */
export async function adoptAttempt(
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

/** From now on the settings that name nobody are for this person, and what was cached for somebody else is forgotten. */
export async function becomeLastLogin(nameless: Settings, username: string, machine: Machine): Promise<void> {
  const own = ownCacheOf(nameless, machine);
  await underLock(own, machine, async () => {
    own.forget();
    own.write('person', { username });
  });
}
