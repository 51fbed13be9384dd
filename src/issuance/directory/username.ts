import type { DirectorySettings, DirectoryUserAttributes } from '../../model/directory.js';
import { isSamePerson } from '../../model/folded-name.js';
import { whyNotName, whyNotPrincipalName } from '../../model/name-grammar.js';
import { firstAdminName, whyReservedName } from '../../model/reserved-names.js';

/** The name that a user's attributes give, whether it is a username or not; null where they give none. */
function givenName({ userName, emails }: DirectoryUserAttributes, from: DirectorySettings['username']): string | null {
  if (from === 'userName') return userName;
  return emails.find(({ type }) => type?.toLowerCase() === 'work')?.value ?? null;
}

/** Why a name is neither a person's as a principal nor a username on any cluster; null where it is one of them. */
function whyNeither(name: string): string | null {
  // A cluster may know a person by that name, and their leaving has to end it there.
  const whyReserved = isSamePerson(name, firstAdminName) ? null : whyReservedName(name);
  if (whyReserved !== null) return whyReserved;
  const why = whyNotPrincipalName(name);
  return why === null || whyNotName(name, 'unicode') === null ? null : why;
}

/** The requested username and principal that the person is; null where the name is outside the grammar of both. */
export function usernameOf(
  user: DirectoryUserAttributes,
  { username }: Pick<DirectorySettings, 'username'>,
): string | null {
  const name = givenName(user, username);
  return name === null || whyNeither(name) !== null ? null : name;
}

/** Why the person is nobody's username; null where they are. */
export function whyNoUsername(
  user: DirectoryUserAttributes,
  { username }: Pick<DirectorySettings, 'username'>,
): string | null {
  const name = givenName(user, username);
  if (name === null) return `there is no ${username}`;
  const why = whyNeither(name);
  return why === null ? null : `the ${username} ${why}`;
}
