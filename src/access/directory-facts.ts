import { foldedName } from '@kubepass/inspect/formats';
import type { ListedCertificate, Revocation } from '../model/certificate.js';
import type { RequestFilter } from '../model/certificate-request.js';
import type { DirectoryFacts, DirectoryParty } from '../model/decision.js';
import {
  type DirectoryGroup,
  type DirectoryPerson,
  type DirectoryStanding,
  type DirectoryUser,
  type NameReuse,
  type SupposedInDirectory,
  belongsToBearer,
  givenOnAt,
  isHere,
} from '../model/directory.js';
import type { Visibility } from '../model/outcome.js';
import type { Context } from '../context/context.js';
import { spellingsOf } from './blocks.js';
import { enforcementOn } from './revoke-certificate.js';
import type { Requester } from '../model/principal.js';
import { groupsGivenOnly, groupsOfDirectory } from '../policy/policy-set.js';

/** The names of a request about which the directory is asked. */
interface DirectorySubject {
  readonly cluster: string;
  readonly username: string;
  readonly requester: { readonly name: string };
  /** Left out: the requester. */
  readonly collector?: string;
  /** When the recorded request was made; left out: it is asked for now. */
  readonly createdAt?: Date;
}

/**
 * The directory's view of the parties; undefined where nobody uses it and no rule asks. Read anew wherever more depends
 * on it than whether somebody left.
 */
export async function directoryFacts(
  context: Context,
  subject: DirectorySubject,
  isNeeded: boolean,
  supposed?: SupposedInDirectory,
): Promise<DirectoryFacts | undefined> {
  const required = context.directory.required.includes(subject.cluster);
  const isUsed = await context.directoryUse.isUsed();
  if (!isUsed && !required && !isNeeded && supposed === undefined) return undefined;
  const { username, requester, collector = requester.name, createdAt } = subject;
  const names = [...new Set([username, requester.name, collector].map(foldedName))];
  const anew = isNeeded || required || supposed !== undefined;
  const bearers = isUsed ? await context.directoryUse.standingsOf(names, anew) : [];
  const of = (name: string) => bearers.filter((bearer) => foldedName(bearer.username ?? '') === foldedName(name));
  const groups = isNeeded
    ? await context.store.directory.groupsOf(bearers.filter(isHere).map(({ id }) => id))
    : new Map<string, never>();
  const party = async (name: string, state: DirectoryParty['state']): Promise<DirectoryParty> => {
    // A right belongs to exactly one name, so groups are not those of another spelling.
    const bearer = of(name).find((one) => isHere(one) && one.username === name);
    const reuse = of(name).find(isHere)?.reuse ?? null;
    return {
      state,
      groups: policyNamesOf(context, bearer && groups.get(bearer.id)),
      reused:
        (createdAt !== undefined && !belongsToBearer(createdAt, givenOnAt(of(name)))) ||
        (reuse !== null && (await predecessorHasAccess(context, name, reuse))),
    };
  };
  const [ofUsername, ofRequester, ofCollector] = await Promise.all([
    party(username, usernameState(username, of(username))),
    party(requester.name, principalState(of(requester.name))),
    party(collector, principalState(of(collector))),
  ]);
  const asSupposed = supposed ? supposedParty(ofUsername, supposed) : ofUsername;
  return { required, username: asSupposed, requester: ofRequester, collector: ofCollector };
}

/** The party as a dry run supposes it to be in the directory. */
export function supposedParty(
  party: DirectoryParty,
  { active = party.state !== 'inactive', groups = party.groups }: SupposedInDirectory,
): DirectoryParty {
  return { ...party, state: active ? 'active' : 'inactive', groups: active ? groups : [] };
}

/**
 * Jane and jane are two users of Kubernetes: one of them who is in the directory says nothing for the other. Against
 * somebody who left, both are one.
 */
function usernameState(name: string, bearers: readonly DirectoryStanding[]): DirectoryParty['state'] {
  const exact = bearers.filter(({ username }) => username === name);
  if (exact.some(isHere)) return 'active';
  if (exact.length > 0) return 'inactive';
  return bearers.length > 0 && !bearers.some(isHere) ? 'inactive' : 'unknown';
}

function principalState(bearers: readonly DirectoryStanding[]): DirectoryParty['state'] {
  if (bearers.length === 0) return 'unknown';
  return bearers.some(isHere) ? 'active' : 'inactive';
}

/** How many certificates and requests are looked at; with more of them, one works. */
const mostLooked = 500;

/**
 * Whether a certificate of the one who had the name before may still work, or come: it has not ended, and it was not
 * revoked on a cluster that was seen to refuse revoked ones; or a request of theirs waits, or is being signed.
 * Certificates and requests under another username count too, if they asked for them or collect them: such a key speaks
 * for the name.
 */
export async function predecessorHasAccess(context: Context, username: string, { since }: NameReuse): Promise<boolean> {
  const { store, clock } = context;
  const wanted = { now: clock(), limit: mostLooked };
  const works = (found: readonly ListedCertificate[]) =>
    found.length === mostLooked ||
    found.some(
      ({ issuedAt, revocation, cluster }) =>
        issuedAt < since && (revocation === null || enforcementOn(context, cluster).verifiedAt === null),
    );
  const names = await spellingsOf(context, username);
  for (const name of names) {
    for (const state of ['pending', 'approved', 'issuing'] as const)
      for (const party of [{ username: name }, { visibleTo: name }])
        if (await hasEarlierRequest(context, { state, ...party }, since)) return true;
    for (const revoked of [false, true])
      if (works(await store.certificates.unexpiredOf(name, { ...wanted, clusters: null, revoked }))) return true;
  }
  return works(await store.certificates.requestedForOthers(names, { ...wanted, revokedToo: true }));
}

async function hasEarlierRequest(
  { store }: Context,
  filter: Pick<RequestFilter, 'state' | 'username'> & Visibility,
  since: Date,
): Promise<boolean> {
  const { items, nextCursor } = await store.requests.list(filter, { limit: mostLooked, cursor: null });
  return nextCursor !== null || items.some(({ createdAt }) => createdAt < since);
}

type Judged = Pick<ListedCertificate, 'cluster' | 'username' | 'groups' | 'requestId'>;

/** A certificate with groups that only the directory gives, and gives to its bearer no longer. */
interface WithLostGroups<Certificate> {
  readonly certificate: Certificate;
  readonly groups: readonly string[];
}

/**
 * The certificates that have lost groups. Each is judged as if its requester, as they were then, asked for it again.
 * `namesOf`: the directory groups of the bearer of a username, as policies name them.
 */
export async function withLostGroups<Certificate extends Judged>(
  context: Context,
  certificates: readonly Certificate[],
  namesOf: (username: string) => readonly string[],
): Promise<readonly WithLostGroups<Certificate>[]> {
  const policySet = context.policySet();
  const now = context.clock();
  // Most certificates have none of these groups, and need not be looked into.
  const candidates = certificates
    .map((certificate) => ({
      certificate,
      groups: groupsOfDirectory(policySet, certificate.cluster, certificate.groups),
    }))
    .filter(({ groups }) => groups.length > 0);
  if (candidates.length === 0) return [];
  const requesters = await context.store.requests.requestersOf(
    candidates.map(({ certificate: { requestId } }) => requestId),
  );
  return candidates.flatMap(({ certificate, groups }) => {
    const { cluster, username, requestId } = certificate;
    const requester = requesters.get(requestId);
    if (requester === undefined) return [];
    const lost = groupsGivenOnly(policySet, { cluster, username, requester }, groups, namesOf(username), now);
    return lost.length > 0 ? [{ certificate, groups: lost }] : [];
  });
}

/** As `withLostGroups`, of those certificates alone whose usernames somebody who is here bears. */
export async function lostByBearers<Certificate extends Judged>(
  context: Context,
  certificates: readonly Certificate[],
  bearers: readonly DirectoryStanding[],
): Promise<readonly WithLostGroups<Certificate>[]> {
  // A right belongs to exactly one name, so a group is not that of another spelling.
  const here = new Map(bearers.filter(isHere).map(({ username, id }) => [username, id]));
  const borne = certificates.filter(({ username }) => here.has(username));
  if (borne.length === 0) return [];
  const groups = await context.store.directory.groupsOf([...here.values()]);
  const namesOf = (username: string) => policyNamesOf(context, groups.get(here.get(username) ?? ''));
  return withLostGroups(context, borne, namesOf);
}

/**
 * Whether a certificate that is about to be recorded has a group that its bearer lost since it was judged, where such
 * certificates are revoked. Nothing is looked up for a certificate without groups that only the directory gives.
 */
export async function isLostMeanwhile(
  context: Context,
  { cluster, username, groups }: Pick<ListedCertificate, 'cluster' | 'username' | 'groups'>,
  requester: Requester,
): Promise<boolean> {
  if (context.directory.onLostGroup !== 'revoke') return false;
  const subject = { cluster, username, requester };
  const lostBy = (names: readonly string[]) =>
    groupsGivenOnly(context.policySet(), subject, groups, names, context.clock()).length > 0;
  if (!lostBy([])) return false;
  const bearer = await bearerOf(context, username);
  return lostBy(bearer === undefined ? [] : await namesOfGroups(context, bearer));
}

/** The revocation of a certificate because of a group that its bearer lost. `actor`: the principal who says so. */
export const lossRevocation = (actor: string, now: Date): Revocation => ({
  reason: 'privilegeWithdrawn',
  comment: 'the directory says so: not in the group any more',
  revokedAt: now,
  revokedBy: actor,
});

/** A right belongs to exactly one name, so a group is not that of another spelling. */
async function bearerOf({ store }: Context, username: string): Promise<DirectoryStanding | undefined> {
  const bearers = await store.directory.standingsOf([foldedName(username)]);
  return bearers.find((one) => isHere(one) && one.username === username);
}

/** The directory groups of a user, as policies name them; none for somebody who left. */
export const groupNamesOf = async (context: Context, user: DirectoryUser): Promise<readonly string[]> =>
  isHere(user) ? namesOfGroups(context, user) : [];

export async function namesOfGroups(context: Context, { id }: Pick<DirectoryPerson, 'id'>): Promise<readonly string[]> {
  return policyNamesOf(context, (await context.store.directory.groupsOf([id])).get(id));
}

/** The name by which policies know a group; null: the group has no such name. */
export const policyNameOf = ({ directory }: Pick<Context, 'directory'>, group: DirectoryGroup): string | null =>
  group[directory.groupsBy];

const policyNamesOf = (context: Context, groups: readonly DirectoryGroup[] = []): readonly string[] =>
  groups.flatMap((group) => policyNameOf(context, group) ?? []);
