import { probeUsername } from './cluster-probe.js';
import { foldedName, isSystemName } from '@kubepass/inspect/formats';

/** The principal of the token that the first start makes. */
export const firstAdminName = 'admin';
/** The principal of break-glass tokens. */
export const breakGlassName = 'break-glass';

/** The principals of kubepass itself. */
const own: Readonly<Record<string, string>> = {
  [firstAdminName]: 'the first admin, whose token kubepass makes at its start',
  [breakGlassName]: 'whoever recovers with npm run admin-token',
  [probeUsername]: 'kubepass itself, when it probes a cluster',
};

/**
 * Why nobody may come as a principal of this name, by whichever way in; null where somebody may. Names that people may take for
 * a reserved one count as that one. The answer continues a sentence, as that of `whyNotName`.
 */
export function whyReservedName(name: string): string | null {
  if (isSystemName(name)) return 'begins with "system:", which is reserved';
  const drawn = drawnAs(name);
  const [reserved, bearer] = Object.entries(own).find(([one]) => drawnAs(one) === drawn) ?? [];
  return bearer === undefined ? null : `is reserved: ${reserved ?? ''} is ${bearer}`;
}

/**
 * One form for names that look alike in the alphabet of principals (after UTS #39 section 4). Where a name is taken but for case,
 * kubepass's own principal has 16 hexadecimal digits behind it.
 */
const drawnAs = (name: string): string =>
  foldedName(name)
    .replace(/-[0-9a-f]{16}$/, '')
    .replace(/[._:@/-]+/g, '-')
    .replaceAll('0', 'o')
    .replace(/[1i]/g, 'l')
    .replaceAll('m', 'rn');
