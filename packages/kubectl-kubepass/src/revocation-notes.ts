import type { Machine } from './machine.js';
import type { SelectedContext } from './contexts.js';
import { loginOf } from './sign-in.js';
import { shellWord } from './settings.js';
import { untilInWords } from './times-in-words.js';
import { tokenInWords } from './tokens.js';

/**
 * The uses of a revoked certificate that go on, in lines for a person; `continues` null: kubepass has not said it.
 * `notAfter` and `now`: milliseconds since 1970.
 */
export function goingOn(
  certificate: string,
  continues: readonly string[] | null,
  notAfter: number,
  now: number,
): readonly string[] {
  if (now >= notAfter) return [];
  const until = untilInWords(notAfter, now);
  if (continues === null)
    return [
      `${certificate} may go on to work until ${until}: ask whoever administers kubepass what its cluster refuses.`,
    ];
  if (continues.length === 0) return [`${certificate} is refused by its cluster.`];
  return [`${certificate} ends at ${until}. Until then these uses go on:`, ...continues.map((one) => `  - ${one}`)];
}

/** That kubectl will get another certificate, and how to prevent it; `isBlocked` null: kubepass does not say. */
export function issuesAnew(
  context: string,
  settings: SelectedContext['settings'],
  isBlocked: boolean | null,
  machine: Machine,
): readonly string[] {
  if (isBlocked)
    return [`The identity is blocked on ${settings.cluster}, so it gets no new certificate before it is unblocked.`];
  const login = loginOf(settings, machine);
  if (login === null) return [];
  const token = tokenInWords(login, machine);
  const end = `To prevent it, run: kubectl kubepass logout --context ${shellWord(context)}`;
  if (token !== null)
    return [`The next kubectl gets context ${JSON.stringify(context)} a new certificate with ${token}. ${end}`];
  return login.issuer === null
    ? []
    : [`The next kubectl at a terminal asks you to sign in, for a new certificate. ${end}`];
}
