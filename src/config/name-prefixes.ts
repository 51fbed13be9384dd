import { foldedName } from '@kubepass/inspect/formats';
import { whyNotPrincipalName } from '../model/name-grammar.js';
import type { ReportProblem } from './setting.js';

/** A prefix that begins another one could be continued by a name to the other's names. */
export function reportSharedPrefixes(
  prefixes: readonly { readonly prefix: string; readonly place: string }[],
  others: readonly string[],
  report: ReportProblem,
): void {
  const earlier = others.filter((prefix) => prefix !== '').map(foldedName);
  for (const { prefix, place } of prefixes) {
    if (prefix === '') continue;
    const folded = foldedName(prefix);
    if (earlier.some((other) => other.startsWith(folded) || folded.startsWith(other)))
      report(place, 'begins as another prefix does, or the other way round, so that names of the two could meet');
    earlier.push(folded);
  }
}

/** A prefix is the beginning of a name. */
export function reportPrefix(prefix: string | undefined, place: string, report: ReportProblem): void {
  if (prefix === undefined || prefix === '') return;
  const whyNot = whyNotPrincipalName(`${prefix}a`);
  if (whyNot !== null) report(place, `cannot begin a name: with a letter behind it, it ${whyNot}`);
  // A shorter one could be continued to it.
  const folded = foldedName(prefix);
  if (folded.startsWith('system:') || 'system:'.startsWith(folded))
    report(place, 'must not begin as "system:" does, which is reserved');
}
