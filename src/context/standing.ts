import type { CertificateRequest } from '../model/certificate-request.js';
import type { BlockedParty } from '../model/decision.js';
import { foldedName } from '@kubepass/inspect/formats';
import { blocks, partOfOthers, type IdentityBlock, type StoredIdentityBlock } from '../model/identity.js';
import type { Write } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { requireUnblocked } from '../store/tables/identity-block-table.js';
import { belongsToBearer, givenOnAt, isHere, type DirectoryStanding } from '../model/directory.js';
import { isMachine, tokenIdOf, type ApiToken, type Bearing, type Principal } from '../model/principal.js';

/** The names of a request that may be blocked. */
export interface PartiesOfRequest {
  readonly cluster: string;
  readonly username: string;
  readonly requester: { readonly name: string };
  readonly collector: string;
}

/** The operation that lets a step be committed only while none of its parties is blocked. */
export const unlessBlocked = (request: PartiesOfRequest, now: Date): Write =>
  requireUnblocked({ cluster: request.cluster, folded: foldedParties(request), now });

const foldedParties = ({ username, requester, collector }: PartiesOfRequest) =>
  [foldedName(username), foldedName(requester.name), foldedName(collector)] as const;

const followMilliseconds = 500;
const readAtOnce = 1_000;

interface IdentityBlocksOptions {
  readonly reader: Pick<Store['identityBlocks'], 'find' | 'lastN' | 'namesBehind'>;
  /** The names of the configured clusters. */
  readonly clusters: readonly string[];
  readonly log: { error(fields: object, message: string): void };
}

/**
 * Finds out who is blocked. It remembers each name that is or was blocked, and looks up those alone, so that everybody
 * else costs nothing. It learns of blocks of this process as they are committed, and of others by reading the database
 * twice a second.
 */
export class IdentityBlocks {
  /** By folded name: which of the blocks that it learned of is the last one of the name. */
  readonly #suspects = new Map<string, number>();
  /** Counts the blocks that it learned of. */
  #added = 0;
  #last = 0n;
  #fails = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: IdentityBlocksOptions) {}

  /** Reads the names that were blocked since it was called last. */
  async load(): Promise<void> {
    const { reader } = this.options;
    // The database was put back under this process: what is blocked there from now on has lower numbers.
    if ((await reader.lastN()) < this.#last) this.#last = 0n;
    for (let found; (found = await reader.namesBehind(this.#last, readAtOnce)).length > 0;) {
      for (const { folded } of found) this.add(folded);
      this.#last = found.at(-1)?.n ?? this.#last;
    }
  }

  /** Begins to follow the database. */
  start(): void {
    const follow = async () => {
      const failed = await this.load().catch((error: unknown) => ({ error }));
      if (failed && !this.#fails) this.options.log.error({ err: failed.error }, 'blocks cannot be read now');
      this.#fails = failed !== undefined;
    };
    this.#timer = setInterval(() => void follow(), followMilliseconds).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Takes in a block that is committed. */
  add(folded: string): void {
    this.#added += 1;
    this.#suspects.set(folded, this.#added);
  }

  isSuspect(request: PartiesOfRequest): boolean {
    return this.#suspects.size > 0 && foldedParties(request).some((folded) => this.#suspects.has(folded));
  }

  /** Whether the name is or was blocked. */
  isSuspectName(name: string): boolean {
    return this.#suspects.size > 0 && this.#suspects.has(foldedName(name));
  }

  /** The folded names that are or were blocked. The number of a name grows with each block of the name. */
  suspects(): ReadonlyMap<string, number> {
    return this.#suspects;
  }

  /** The block of this name that holds on every cluster, or on each that is configured; null: it has none. */
  async everywhere(name: string, now: Date): Promise<StoredIdentityBlock | null> {
    if (!this.isSuspectName(name)) return null;
    const folded = foldedName(name);
    const added = this.#added;
    const [block] = await this.options.reader.find([folded]);
    // Unless it may have been blocked since it was looked up.
    if (block === undefined && added === this.#added) this.#suspects.delete(folded);
    return block && this.isEverywhere(block, now) ? block : null;
  }

  isEverywhere(block: IdentityBlock, now: Date): boolean {
    return this.options.clusters.every((cluster) => blocks(block, cluster, now));
  }

  /** The parties that are blocked on the request's cluster. */
  async of(request: PartiesOfRequest, now: Date): Promise<readonly BlockedParty[]> {
    const [username, requester, collector] = foldedParties(request);
    const names = [...new Set([username, requester, collector])];
    const found = (await this.options.reader.find(names)).filter((block) => blocks(block, request.cluster, now));
    const blocked = new Set(found.map((block) => foldedName(block.username)));
    for (const folded of blocked) if (!this.#suspects.has(folded)) this.add(folded);
    const parties: readonly (BlockedParty & { readonly folded: string })[] = [
      { party: 'username', name: request.username, folded: username },
      { party: 'requester', name: request.requester.name, folded: requester },
      { party: 'collector', name: request.collector, folded: collector },
    ];
    return parties.flatMap(({ folded, ...party }) => (blocked.has(folded) ? [party] : []));
  }
}

/** How long something is believed of the directory, in milliseconds. Another replica may change it meanwhile. */
const believedMilliseconds = 1_000;
/** When so many names are believed, all are looked up again. */
const believedAtMost = 10_000;

interface Believed {
  readonly standings: readonly DirectoryStanding[];
  /** By the process's own clock, in milliseconds. */
  readonly at: number;
}

type Caller = Pick<Principal, 'name' | 'vouchedAt'>;

/** The directory as decisions look at it. Until there is anybody in it, they cost no look-up. */
export class DirectoryUse {
  #isUsed = false;
  #lookedAt = -Infinity;
  readonly #believed = new Map<string, Believed>();
  /** Counts the changes by this process. */
  #changes = 0;

  constructor(private readonly directory: Pick<Store['directory'], 'isInUse' | 'standingsOf'>) {}

  /** Called when this process puts somebody into it. */
  begin(): void {
    this.#isUsed = true;
  }

  /** Called when this process has changed somebody in it. */
  changed(): void {
    this.#changes += 1;
    this.#believed.clear();
  }

  async isUsed(): Promise<boolean> {
    const now = performance.now();
    if (this.#isUsed || now - this.#lookedAt < believedMilliseconds) return this.#isUsed;
    const isUsed = await this.directory.isInUse();
    this.#lookedAt = now;
    return (this.#isUsed ||= isUsed);
  }

  /**
   * The users who are or were the bearers of these names, in the form in which names are compared. It is believed for a
   * second that nobody bears a name, or somebody who is here, unless this process changes anybody or it is looked up
   * `anew`. Nobody gets anything by it after they left on another replica: a leaving blocks the name, and each commit
   * of a request requires that none of its names is blocked.
   */
  async standingsOf(folded: readonly string[], anew: boolean): Promise<readonly DirectoryStanding[]> {
    const now = performance.now();
    const known = new Map<string, readonly DirectoryStanding[]>();
    if (!anew)
      for (const name of folded) {
        const believed = this.#believed.get(name);
        if (believed !== undefined && now - believed.at < believedMilliseconds) known.set(name, believed.standings);
      }
    const unknown = folded.filter((name) => !known.has(name));
    if (unknown.length > 0) {
      const changes = this.#changes;
      const found = await this.directory.standingsOf(unknown);
      for (const name of unknown) {
        const standings = found.filter(({ username }) => username !== null && foldedName(username) === name);
        known.set(name, standings);
        if (changes === this.#changes && isBelievable(standings)) this.#believe(name, { standings, at: now });
      }
    }
    return folded.flatMap((name) => known.get(name) ?? []);
  }

  /** When one of these names was last given to somebody else; null: never. `anew` as in `standingsOf`. */
  async givenOnAt(names: readonly string[], anew: boolean): Promise<Date | null> {
    if (!(await this.isUsed())) return null;
    return givenOnAt(await this.standingsOf([...new Set(names.map(foldedName))], anew));
  }

  /** How the caller stands to the name, as far as the directory says. */
  async bearing(caller: Caller): Promise<Bearing> {
    if (!(await this.isUsed())) return ownName;
    return bearingOf(await this.standingsOf([foldedName(caller.name)], false), caller);
  }

  /** How the caller stands to the name, from a look a moment ago; null: the directory must be looked at. */
  believedBearing(caller: Caller): Bearing | null {
    const now = performance.now();
    if (!this.#isUsed) return now - this.#lookedAt < believedMilliseconds ? ownName : null;
    const believed = this.#believed.get(foldedName(caller.name));
    return believed && now - believed.at < believedMilliseconds ? bearingOf(believed.standings, caller) : null;
  }

  #believe(name: string, believed: Believed): void {
    if (this.#believed.size >= believedAtMost) this.#believed.clear();
    this.#believed.set(name, believed);
  }
}

const ownName: Bearing = { rolesLost: null, nameSince: null };
/** The name is not this caller's any more. No record is as late as this instant, so no record is theirs. */
const succeeded: Bearing = { rolesLost: 'succeeded', nameSince: new Date('9999-12-31T23:59:59.999Z') };

/** If the name was given to somebody else after the caller was vouched for, nothing else matters. */
function bearingOf(standings: readonly DirectoryStanding[], { vouchedAt }: Caller): Bearing {
  const nameSince = givenOnAt(standings);
  if (vouchedAt !== undefined && !belongsToBearer(vouchedAt, nameSince)) return succeeded;
  const rolesLost = standings.length > 0 && !standings.some(isHere) ? 'left' : null;
  return rolesLost === null && nameSince === null ? ownName : { rolesLost, nameSince };
}

/** Somebody who left may return, and a successor's wait may end: the next look tells. */
const isBelievable = (standings: readonly DirectoryStanding[]): boolean =>
  standings.every(({ reuse }) => reuse === null) && (standings.length === 0 || standings.some(isHere));

/** The parts by which a caller keeps or loses their roles. */
interface RolesContext {
  readonly store: Pick<Store, 'apiTokens'>;
  readonly directoryUse: DirectoryUse;
  readonly identityBlocks: IdentityBlocks;
  readonly clock: () => Date;
}

/**
 * How the caller stands to the name now. Machines keep their roles, because the connector of the directory and the API
 * servers of clusters are no persons. Break-glass tokens and the token of the last admin keep their roles too. But once
 * the name of such a token is somebody else's, the records of the name do not belong to the token.
 */
export const bearingNow =
  (context: RolesContext) =>
  (principal: Principal): Promise<Bearing> | Bearing => {
    const { identityBlocks, directoryUse } = context;
    const believed = identityBlocks.isSuspectName(principal.name) ? null : directoryUse.believedBearing(principal);
    if (believed?.rolesLost === null) return believed;
    const tokenId = tokenIdOf(principal);
    return tokenId === null ? bearing(context, principal) : bearingByToken(context, principal, tokenId);
  };

async function bearingByToken(context: RolesContext, principal: Principal, tokenId: string): Promise<Bearing> {
  if (isMachine(principal)) return ownName;
  const found = await bearing(context, principal);
  // Where no token is an admin, none goes on because it would be the last one.
  if (found.rolesLost === null || !principal.roles.includes('admin')) return found;
  const breakGlass = await context.store.apiTokens.liveBreakGlass(context.clock());
  const goesOn = [...breakGlass, await lastAdmin(context)].some((token) => token?.id === tokenId);
  return goesOn ? { ...found, rolesLost: null } : found;
}

/**
 * The request, with a mark on each approval that does not count now. An approval does not count if the approver is
 * blocked on every cluster, if the approver left, or if their name was given to somebody else since. An approver who
 * comes back is the same person, so the approval counts again. They could not give it anew, because nobody counts
 * twice.
 */
export async function counting(
  context: Pick<RolesContext, 'directoryUse' | 'identityBlocks' | 'clock'>,
  request: CertificateRequest,
): Promise<CertificateRequest> {
  if (request.approvals.length === 0 || request.fingerprintSha256 !== null) return request;
  const approvals = request.approvals.map(async (approval) => {
    const { rolesLost } = await bearing(context, { name: approval.principal, vouchedAt: approval.at });
    return rolesLost === null ? approval : { ...approval, counts: false };
  });
  return { ...request, approvals: await Promise.all(approvals) };
}

/**
 * Whether a past approval holds: no approver has a block on every cluster now. `approvers` are names, and `at` is the
 * instant of the approval, which tells the approver from a later bearer of the same name.
 */
export async function noneIsBlocked(
  context: Pick<RolesContext, 'directoryUse' | 'identityBlocks' | 'clock'>,
  approvers: readonly string[],
  at: Date,
): Promise<boolean> {
  const bearings = await Promise.all(approvers.map((name) => bearing(context, { name, vouchedAt: at })));
  return bearings.every(({ rolesLost }) => rolesLost !== 'blocked');
}

/**
 * The API token of an admin that goes on although its bearer is blocked or left, because it is the last one; null where
 * another admin's is there. It is one that only the directory ends before one that somebody blocked, and then the one
 * that lasts longest. `ending`: tokens that are about to be revoked because somebody leaves.
 */
export async function lastAdmin(context: RolesContext, ending: readonly ApiToken[] = []): Promise<ApiToken | null> {
  const isEnding = new Set(ending.map(({ id }) => id));
  const admins = await Promise.all(
    (await context.store.apiTokens.liveAdmins(context.clock())).map(async (token) => ({
      token,
      why:
        (await bearing(context, { name: token.name, vouchedAt: token.createdAt })).rolesLost ??
        (isEnding.has(token.id) ? 'left' : null),
    })),
  );
  if (admins.some(({ why }) => why === null)) return null;
  const [last] = admins.toSorted(
    (a, b) => Number(a.why === 'blocked') - Number(b.why === 'blocked') || endOf(b.token) - endOf(a.token),
  );
  return last?.token ?? null;
}

const endOf = ({ expiresAt }: ApiToken): number => expiresAt?.getTime() ?? Infinity;

/**
 * A block that others asked for holds whatever the directory says. There is one exception: the name is somebody else's
 * now.
 */
async function bearing(
  { identityBlocks, directoryUse, clock }: Pick<RolesContext, 'directoryUse' | 'identityBlocks' | 'clock'>,
  caller: Caller,
): Promise<Bearing> {
  const found = await directoryUse.bearing(caller);
  if (found.rolesLost === 'succeeded') return found;
  const now = clock();
  const block = await identityBlocks.everywhere(caller.name, now);
  const ofOthers = partOfOthers(block, now);
  const isBlocked = ofOthers !== null && identityBlocks.isEverywhere(ofOthers, now);
  if (block === null || (!isBlocked && found.rolesLost !== null)) return found;
  return { ...found, rolesLost: 'blocked' };
}
