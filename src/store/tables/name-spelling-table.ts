import type { CertificateRequest } from '../../model/certificate-request.js';
import { foldedName } from '../../model/folded-name.js';
import { insertOnce, type ReadRows, type Statement } from '../statement.js';

/**
 * A row for each name of the request that is not in the form in which names are compared. Most names are, so most requests
 * add none.
 */
export function insertSpellings({ state, username, requester, collector }: Named): readonly Statement[] {
  // One that was denied gives nothing that could be taken away, and its names can be anything.
  if (state === 'denied' || [username, requester.name, collector].every(isFolded)) return none;
  return [...new Set([username, requester.name, collector])].flatMap((name) => {
    const folded = foldedName(name);
    return folded === name ? [] : [insertOnce('NameSpelling', name, { folded, name })];
  });
}

const none: readonly Statement[] = [];
const withoutCapitals = /^[\0-@[-\x7f]*$/;
/** Tells quickly of most names that they are in the form in which names are compared. */
const isFolded = (name: string): boolean => withoutCapitals.test(name);

type Named = Pick<CertificateRequest, 'state' | 'username' | 'requester' | 'collector'>;

/** All spellings of the name in requests besides the form in which names are compared itself. */
export async function spellingsOf(readRows: ReadRows, folded: string): Promise<readonly string[]> {
  const rows = await readRows({
    // Rows with an empty form are from before this table, and few.
    sql: 'SELECT "name" FROM "NameSpelling" WHERE "folded" IN (?, \'\') ORDER BY "folded", "name"',
    parameters: [folded],
  });
  return rows.map((row) => (row as { readonly name: string }).name).filter((name) => foldedName(name) === folded);
}
