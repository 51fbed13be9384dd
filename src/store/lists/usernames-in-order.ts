import { behindPrefix } from './list-filter.js';
import { compareParts, type ListKey, type ListOrder } from './list-order.js';
import type { ListPart } from './list-part.js';

/** By username, and of one username in the order of recording. `list` names the list. */
export const byUsername = (list: string): ListOrder => ({
  name: `${list}/username`,
  columns: [
    { name: 'username', holds: 'texts' },
    { name: 'n', holds: 'numbers' },
  ],
  direction: 'ascending',
  alone: true,
});

/** The range of such a list with the usernames that begin with the prefix, behind the key `after`. */
export function usernamesWith(prefix: string, after: ListKey | null): Pick<ListPart, 'after' | 'until'> {
  // A cursor may be from a list with another prefix.
  const isWithin = after !== null && compareParts(after[0], prefix) >= 0;
  return { after: isWithin ? after : [prefix, -1n], until: behindPrefix(prefix) };
}
