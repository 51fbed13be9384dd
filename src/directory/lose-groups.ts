import type { DirectoryGroup, DirectoryPerson } from '../model/directory.js';
import type { ListedCertificate } from '../model/certificate.js';
import type { Step } from '../store/steps/step.js';
import { forgetDirectoryLosses } from '../store/tables/directory-statements.js';
import { denyIfNoLongerPermitted } from '../requests/recheck-policy.js';
import type { Context } from '../context/context.js';
import { requestsOf } from '../access/blocks.js';
import { revocationStep } from '../access/revoke-certificate.js';
import { lossRevocation, namesOfGroups, policyNameOf, withLostGroups } from '../access/directory-facts.js';

/** How many people lose their certificates in the commit of the change itself. The others follow it. */
export const togetherAtMost = 50;
/** How many requests of one person are read at once. */
const judgedAtOnce = 200;
/** How many certificates of one person are looked at in one step. */
const certificatesAtOnce = 200;

const nothing: Step = { operations: [], events: [] };

/** The first people who lose a group, each of them once: their certificates are revoked by the commit of the change. */
export const firstLosers = (people: readonly DirectoryPerson[]): readonly DirectoryPerson[] =>
  [...new Map(people.slice(0, 2 * togetherAtMost).map((person) => [person.id, person])).values()].slice(
    0,
    togetherAtMost,
  );

/**
 * The step that revokes the certificates with a group that these people lose, where the configuration says so. `group`:
 * the one that they are in no longer; `renamed`: it as it is from now on, where they stay in it.
 */
export async function losingStep(
  context: Context,
  actor: string,
  people: readonly DirectoryPerson[],
  renamed: DirectoryGroup | null,
  group: DirectoryGroup,
  now: Date,
): Promise<Step> {
  const holders = await holdersAmong(context, people);
  if (holders.length === 0) return nothing;
  const groups = await context.store.directory.groupsOf(holders.map(({ id }) => id));
  const revoking = await Promise.all(
    holders.map((person) => {
      const others = (groups.get(person.id) ?? []).filter(({ id }) => id !== group.id);
      const names = [...others, ...(renamed ? [renamed] : [])].flatMap((one) => policyNameOf(context, one) ?? []);
      return revokingStep(context, actor, person, names, now);
    }),
  );
  return {
    operations: revoking.flatMap(({ step }) => step.operations),
    events: revoking.flatMap(({ step }) => step.events),
  };
}

/** Judges the waiting requests of these people again, before the answer; `settleLosses` does all others. */
export async function afterLosing(context: Context, actor: string, people: readonly DirectoryPerson[]): Promise<void> {
  for (const person of await affectedAmong(context, people)) await follow(context, actor, person);
}

/** How many notes, of up to a hundred people each, are looked at between two commits. */
const settledAtOnce = 10;

/**
 * Does what follows from a group that somebody lost, for each of them on whom the database still has a note: the change
 * itself made it, and it goes when all is done. So nothing is left out where a process dies in between. While a
 * certificate of one of them is being signed, the note stays, because it may have the group. Thousands may lose a group
 * at once; nobody gets anything by it meanwhile, because each request is judged before it goes on.
 */
export async function settleLosses(context: Context, isStopped: () => boolean): Promise<void> {
  const { store, log } = context;
  let behind = 0n;
  while (!isStopped()) {
    const losses = await store.directory.losses(behind, settledAtOnce);
    const last = losses.at(-1);
    if (last === undefined) return;
    behind = last.n;
    const losers = losses.flatMap(({ users }) => users);
    // First of all: a certificate that is being signed is recorded before its request has moved on.
    const issuing = new Set(await revocableAmong(context, losers, (some) => store.requests.issuingAmong(some)));
    const affected = new Set(await affectedAmong(context, losers));
    const settled: bigint[] = [];
    const forget = async (): Promise<void> => {
      if (settled.length > 0) await store.writer.commit({ operations: [forgetDirectoryLosses(settled)], events: [] });
    };
    for (const { n, users, lostBy } of losses) {
      let isSettled = !users.some((one) => issuing.has(one));
      for (const user of users.filter((one) => affected.has(one))) {
        if (isStopped()) return forget();
        try {
          await follow(context, lostBy, user);
        } catch (error) {
          isSettled = false;
          log.error({ err: error, directoryUser: user.id }, 'a loss of a group was not followed up, it is tried again');
        }
      }
      if (isSettled) settled.push(n);
    }
    await forget();
  }
}

/** The people who are affected: they have certificates that may be revoked, or requests that wait. */
async function affectedAmong(
  context: Context,
  people: readonly DirectoryPerson[],
): Promise<readonly DirectoryPerson[]> {
  const holders = await holdersAmong(context, people);
  const waiting = await bearersAmong(people, (usernames) => context.store.requests.waitingAmong(usernames));
  const affected = new Set([...holders, ...waiting]);
  return people.filter((person) => affected.has(person));
}

/** The people with certificates, which are revoked where they have lost a group. */
const holdersAmong = (context: Context, people: readonly DirectoryPerson[]) =>
  revocableAmong(context, people, (some) => context.store.certificates.holdersAmong(some, context.clock()));

type FindUsernames = (usernames: readonly string[]) => Promise<ReadonlySet<string>>;

/** As `bearersAmong`; nobody where a lost group revokes nothing. */
async function revocableAmong(
  { directory }: Context,
  people: readonly DirectoryPerson[],
  find: FindUsernames,
): Promise<readonly DirectoryPerson[]> {
  return directory.onLostGroup === 'revoke' ? bearersAmong(people, find) : [];
}

/** The people with one of the usernames that are found among theirs. */
async function bearersAmong(
  people: readonly DirectoryPerson[],
  find: FindUsernames,
): Promise<readonly DirectoryPerson[]> {
  const usernames = people.flatMap(({ username }) => username ?? []);
  if (usernames.length === 0) return [];
  const found = await find(usernames);
  return people.filter(({ username }) => username !== null && found.has(username));
}

async function follow(context: Context, actor: string, person: DirectoryPerson): Promise<void> {
  const { username } = person;
  if (username === null) return;
  if (context.directory.onLostGroup === 'revoke') await revokeLost(context, actor, person);
  for await (const request of requestsOf(context, username, ['pending', 'approved'], judgedAtOnce))
    await denyIfNoLongerPermitted(context, request, actor);
}

/** How often a part is tried again because somebody else revoked one of the certificates meanwhile. */
const mostConflicts = 10;

/** Revokes what the commit of the change did not, part by part. The certificates that end last come first. */
async function revokeLost(context: Context, actor: string, person: DirectoryPerson): Promise<void> {
  const names = await namesOfGroups(context, person);
  let endsAtMost: Date | undefined;
  for (let conflicts = 0; conflicts < mostConflicts;) {
    const { step, looked } = await revokingStep(context, actor, person, names, context.clock(), endsAtMost);
    const isRevoking = step.operations.length > 0;
    if (isRevoking && !(await context.store.writer.commit(step)).committed) conflicts += 1;
    else if (looked.length < certificatesAtOnce) return;
    else {
      const next = looked.at(-1)?.notAfter;
      if (!isRevoking && next?.getTime() === endsAtMost?.getTime()) return;
      endsAtMost = next;
    }
  }
  throw new Error('the certificates of somebody who lost a group are revoked by others faster than here');
}

interface Revoking {
  readonly step: Step;
  /** The live certificates among which it was looked for those with a lost group. */
  readonly looked: readonly ListedCertificate[];
}

async function revokingStep(
  context: Context,
  actor: string,
  { username }: DirectoryPerson,
  names: readonly string[],
  now: Date,
  endsAtMost?: Date,
): Promise<Revoking> {
  if (username === null) return { step: nothing, looked: [] };
  const wanted = { revoked: false, clusters: null, now, endsAtMost, limit: certificatesAtOnce };
  const looked = await context.store.certificates.unexpiredOf(username, wanted);
  const lost = (await withLostGroups(context, looked, () => names)).map(({ certificate }) => certificate);
  if (lost.length === 0) return { step: nothing, looked };
  return { step: revocationStep(context, lost, lossRevocation(actor, now)), looked };
}
