import { foldedName } from '@kubepass/inspect/formats';
import { isHere, type DirectoryUser } from '../model/directory.js';
import {
  type ExposedIdentity,
  type Identity,
  type IdentityFilter,
  type IdentityOnCluster,
  type ResidualExposure,
  blocks,
  inForce,
  listedAtMost,
  plainBlock,
} from '../model/identity.js';
import { StoreUnavailableError } from '../model/errors.js';
import type { Page, PageQuery } from '../model/outcome.js';
import type { Context } from '../context/context.js';
import type { LiveIdentity } from '../store/tables/identity-table.js';
import type { UnexpiredCertificate } from '../store/tables/unexpired-certificates.js';
import { lostByBearers } from './directory-facts.js';
import { enforcementOn, residualExposureOf } from './revoke-certificate.js';

/** The identity as a list shows it. */
export function identityOf(context: Context, { username, live, block }: LiveIdentity): Identity {
  const names = [...new Set(live.map(({ cluster }) => cluster))].sort();
  const clusters = names.map((cluster): IdentityOnCluster => {
    const own = live.filter((one) => one.cluster === cluster);
    return {
      cluster,
      groups: [...new Set(own.flatMap(({ groups }) => groups))].sort(),
      liveCertificates: own.length,
      latestNotAfter: new Date(Math.max(...own.map(({ notAfter }) => notAfter.getTime()))),
      enforcement: enforcementOn(context, cluster).mode,
    };
  });
  return { username, clusters, blocked: block };
}

/** The part of a filter that certificates match. */
type CertificatesWanted = Pick<IdentityFilter, 'cluster' | 'group'>;

/**
 * Looks at these usernames, each of them one spelling, and answers those that have certificates which still work
 * although they should not: they are revoked, or the username is blocked on their cluster, or they have a group that
 * the directory gives no longer.
 */
export async function exposedAmong(
  context: Context,
  usernames: readonly string[],
  { cluster, group }: CertificatesWanted = {},
): Promise<ReadonlyMap<string, ExposedIdentity>> {
  const { store, clock, directoryUse } = context;
  const now = clock();
  const folded = [...new Set(usernames.map(foldedName))];
  const [unexpired, stored, bearers] = await Promise.all([
    store.identities.unexpiredOf(usernames, now, listedAtMost + 1),
    store.identityBlocks.find(folded),
    directoryUse.isUsed().then((isUsed) => (isUsed ? store.directory.bearersOf(folded) : [])),
  ]);
  const blockOf = new Map(stored.map((one) => [foldedName(one.username), inForce(one, now)]));
  const bearersOf = Map.groupBy(bearers, ({ username }) => foldedName(username ?? ''));
  const live = [...unexpired.values()].flat().filter(({ isRevoked }) => !isRevoked);
  const lost = new Set((await lostByBearers(context, live, bearers)).map(({ certificate }) => certificate));
  const found = new Map<string, ExposedIdentity>();
  for (const [username, certificates] of unexpired) {
    const name = foldedName(username);
    const block = blockOf.get(name) ?? null;
    const own = certificates.filter(({ isRevoked }) => !isRevoked);
    const isExposed = (one: UnexpiredCertificate) =>
      one.isRevoked || lost.has(one) || (block !== null && blocks(block, one.cluster, now));
    const exposed = certificates
      .filter(isExposed)
      .filter((one) => (cluster ?? one.cluster) === one.cluster && (group === undefined || one.groups.includes(group)));
    const residualExposure = exposed.flatMap((one) => residualExposureOf(context, one));
    if (residualExposure.length > 0)
      found.set(username, {
        ...identityOf(context, { username, live: own.slice(0, listedAtMost), block: block && plainBlock(block) }),
        leftAt: leftAt(bearersOf.get(name) ?? []),
        residualExposure: residualExposure.slice(0, listedAtMost),
        omitted: [residualExposure.length, own.length, certificates.length - own.length].some((n) => n > listedAtMost),
      });
  }
  return found;
}

const namesAtOnce = 250;

/** The certificates that still work although they should not, of these usernames in every spelling, by folded name. */
export async function residualExposureOfAll(
  context: Context,
  usernames: readonly string[],
): Promise<ReadonlyMap<string, readonly ResidualExposure[]>> {
  const folded = usernames.map(foldedName);
  const names = [...new Set([...usernames, ...folded, ...(await context.store.identities.spellings(folded))])];
  const found: ExposedIdentity[] = [];
  for (let begin = 0; begin < names.length; begin += namesAtOnce)
    found.push(...(await exposedAmong(context, names.slice(begin, begin + namesAtOnce))).values());
  const byName = Map.groupBy(found, ({ username }) => foldedName(username));
  return new Map([...byName].map(([name, own]) => [name, own.flatMap(({ residualExposure }) => residualExposure)]));
}

/** Since when nobody who bears a name is here; null: somebody is, or nobody ever was. */
function leftAt(bearers: readonly DirectoryUser[]): Date | null {
  if (bearers.some(isHere)) return null;
  const last = Math.max(...bearers.map((one) => (one.inactiveSince ?? one.deletedAt ?? one.changedAt).getTime()));
  return bearers.length === 0 ? null : new Date(last);
}

const blocksAtOnce = 1_000;

/** All usernames that `exposedAmong` may answer because of a revocation or a block. */
async function suspects({ store, denyList, clock }: Context): Promise<readonly string[]> {
  await denyList.follow();
  if (!denyList.isLoaded() || denyList.isBehind)
    throw new StoreUnavailableError('the list of revoked certificates cannot be read now');
  const now = clock();
  const found = new Set(Array.from(denyList.all(), ({ username }) => username));
  for (let after = ''; ;) {
    const chunk = await store.identityBlocks.chunk(after, blocksAtOnce);
    const folded = chunk.filter((block) => inForce(block, now) !== null).map((block) => block.folded);
    const names = [...folded, ...(await store.identities.spellings(folded))];
    for (const name of await store.certificates.holdersAmong(names, now)) found.add(name);
    after = chunk.at(-1)?.folded ?? after;
    if (chunk.length < blocksAtOnce) return [...found];
  }
}

/**
 * Begins to read the identities that are exposed, by username, so that an export looks for suspects once. The filter
 * selects among their certificates.
 */
export async function readExposed(context: Context, filter: IdentityFilter) {
  const { username, usernamePrefix: prefix = '', blocked, notAfterBefore } = filter;
  const isNamed = (name: string) => name.startsWith(prefix) && (username ?? name) === name;
  const isWanted = ({ blocked: block, residualExposure }: ExposedIdentity) =>
    (blocked === undefined || blocked === (block !== null)) &&
    (notAfterBefore === undefined || residualExposure.every(({ notAfter }) => notAfter < notAfterBefore));
  const look = async (names: readonly string[]) => {
    const exposed = await exposedAmong(context, names.filter(isNamed), filter);
    return new Map([...exposed].filter(([, identity]) => isWanted(identity)));
  };
  const names = username === undefined ? (await suspects(context)).filter(isNamed) : [username];
  // Whether somebody lost a group is told by looking at each certificate with one that the directory gives.
  const mayHaveLost =
    username === undefined &&
    context.policySet().policies.some(({ allowed }) => allowed.groupsFromDirectory !== undefined) &&
    (await context.directoryUse.isUsed());
  return (page: PageQuery): Promise<Page<ExposedIdentity>> =>
    context.store.identities.listAmong(names, mayHaveLost, context.clock(), page, look);
}
