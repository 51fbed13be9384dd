import type { DirectorySettings, DirectoryUserAttributes } from '../../model/directory.js';
import { whyNotPrincipalName } from '../../model/name-grammar.js';

/** The name that a user's attributes give, whether it is a username or not; null where they give none. */
function givenName({ userName, emails }: DirectoryUserAttributes, from: DirectorySettings['username']): string | null {
  if (from === 'userName') return userName;
  return emails.find(({ type }) => type?.toLowerCase() === 'work')?.value ?? null;
}

/** The requested username and principal that the person is; null where the name is outside the grammar of both. */
export function usernameOf(
  user: DirectoryUserAttributes,
  { username }: Pick<DirectorySettings, 'username'>,
): string | null {
  const name = givenName(user, username);
  return name === null || whyNotPrincipalName(name) !== null ? null : name;
}

/** Why the person is nobody's username; null where they are. */
export function whyNoUsername(
  user: DirectoryUserAttributes,
  { username }: Pick<DirectorySettings, 'username'>,
): string | null {
  const name = givenName(user, username);
  if (name === null) return `there is no ${username}`;
  const why = whyNotPrincipalName(name);
  return why === null ? null : `the ${username} ${why}`;
}
