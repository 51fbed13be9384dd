import { foldedName } from '../model/folded-name.js';
import { whyNotPrincipalName } from '../model/name-grammar.js';
import { whyReservedName } from '../model/reserved-names.js';

/**
 * Why a way in may not give somebody this name; null where it may. `othersPrefixes` are the beginnings of the names that
 * other ways in give: two of them never meet in one name. The answer continues a sentence, as in `whyNotName`.
 */
export function whyNotGivenName(name: string, othersPrefixes: readonly string[]): string | null {
  const whyNot = whyNotPrincipalName(name) ?? whyReservedName(name);
  if (whyNot !== null) return whyNot;
  const folded = foldedName(name);
  const isOfAnother = othersPrefixes.some((prefix) => prefix !== '' && folded.startsWith(foldedName(prefix)));
  return isOfAnother ? 'begins as the names of another way in do' : null;
}
