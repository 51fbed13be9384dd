import { setImmediate } from 'node:timers/promises';
import { isHere, type DirectoryGroup, type DirectoryPerson, type DirectoryUser } from '../../model/directory.js';
import type { ListedCertificate } from '../../model/certificate.js';
import { groupsGivenOnly } from '../../policy/directory-groups.js';
import type { Step } from '../../store/step.js';
import { denyIfNoLongerPermitted } from '../policies/recheck-policy.js';
import type { IssuanceContext } from '../context.js';
import { revocationSteps } from '../lifecycle/revocation-steps.js';
import { policyNameOf } from './policy-name.js';

/** How many people lose their certificates in the commit of the change itself. The others follow it. */
export const togetherAtMost = 50;
/** How many people follow at a time. */
const followingAtOnce = 50;
/** How many requests of one person are judged again. */
const judgedAtMost = 200;
/** How many certificates of one person are looked at: those that end last. */
const certificatesAtMost = 200;

const nothing: Step = { operations: [], events: [] };

/** The people who lose a group: the first of them, and all. */
export interface Losers {
  /** At most `togetherAtMost`. */
  readonly first: readonly DirectoryPerson[];
  /** All, the first ones again among them; null: there are no others. */
  readonly all: (() => Promise<readonly DirectoryPerson[]>) | null;
}

export const losersAmong = (people: readonly DirectoryPerson[]): Losers => ({
  first: people.slice(0, togetherAtMost),
  all: people.length > togetherAtMost ? () => Promise.resolve(people) : null,
});

/**
 * The step that revokes the certificates with a group that these people lose, where the configuration says so. `group`: the
 * one that they are in no longer; `renamed`: it as it is from now on, where they stay in it.
 */
export async function losingStep(
  context: IssuanceContext,
  actor: string,
  people: Losers['first'],
  renamed: DirectoryGroup | null,
  group: DirectoryGroup,
  now: Date,
): Promise<Step> {
  const holders = await holdersAmong(context, people, now);
  if (holders.length === 0) return nothing;
  const groups = await context.store.directory.groupsOf(holders.map(({ id }) => id));
  const steps = await Promise.all(
    holders.map((person) => {
      const others = (groups.get(person.id) ?? []).filter(({ id }) => id !== group.id);
      const names = [...others, ...(renamed ? [renamed] : [])].flatMap((one) => policyNameOf(context, one) ?? []);
      return revokingStep(context, actor, person, names, now);
    }),
  );
  return { operations: steps.flatMap(({ operations }) => operations), events: steps.flatMap(({ events }) => events) };
}

/** Judges the waiting requests of these people again, and revokes whatever the commit did not. */
export async function afterLosing(
  context: IssuanceContext,
  actor: string,
  { first, all }: Losers,
  now: Date,
): Promise<void> {
  await follow(context, actor, first, now);
  if (all === null) return;
  // Thousands may lose a group at once, and nobody gets anything meanwhile: each request is judged before it goes on.
  const others = async () => {
    const known = new Set(first.map(({ id }) => id));
    const rest = (await all()).filter(({ id }) => !known.has(id));
    for (let begin = 0; begin < rest.length; begin += followingAtOnce) {
      await setImmediate();
      await follow(context, actor, rest.slice(begin, begin + followingAtOnce), now);
    }
  };
  void others().catch((error: unknown) => {
    context.log.error({ err: error }, 'the requests of people who lost a group could not be judged again');
  });
}

async function follow(
  context: IssuanceContext,
  actor: string,
  people: readonly DirectoryPerson[],
  now: Date,
): Promise<void> {
  const { store } = context;
  const holders = await holdersAmong(context, people, now);
  const groups = await store.directory.groupsOf(holders.map(({ id }) => id));
  await Promise.all(
    holders.map(async (person) => {
      const names = (groups.get(person.id) ?? []).flatMap((one) => policyNameOf(context, one) ?? []);
      // A conflict means that somebody else revoked one of them meanwhile; then it is tried once more.
      for (let tries = 0; tries < 3; tries++) {
        const step = await revokingStep(context, actor, person, names, now);
        if (step.operations.length === 0 || (await store.writer.commit(step)).committed) break;
      }
    }),
  );
  const usernames = people.flatMap(({ username }) => username ?? []);
  if (usernames.length === 0) return;
  const waiting = await store.requests.waitingAmong(usernames);
  await Promise.all([...waiting].map((username) => judgeAgain(context, actor, username)));
}

async function judgeAgain(context: IssuanceContext, actor: string, username: string): Promise<void> {
  for (const state of ['pending', 'approved'] as const) {
    const { items } = await context.store.requests.list({ state, username }, { limit: judgedAtMost, cursor: null });
    for (const request of items) await denyIfNoLongerPermitted(context, request, actor);
  }
}

/** Those of these people of whom certificates are revoked where they have lost a group. */
async function holdersAmong(
  { store, directory }: IssuanceContext,
  people: readonly DirectoryPerson[],
  now: Date,
): Promise<readonly DirectoryPerson[]> {
  const usernames = people.flatMap(({ username }) => username ?? []);
  if (directory.onLostGroup !== 'revoke' || usernames.length === 0) return [];
  const holders = await store.certificates.holdersAmong(usernames, now);
  return people.filter(({ username }) => username !== null && holders.has(username));
}

async function revokingStep(
  context: IssuanceContext,
  actor: string,
  { username }: DirectoryPerson,
  names: readonly string[],
  now: Date,
): Promise<Step> {
  if (username === null) return nothing;
  const wanted = { revoked: false, clusters: null, now, limit: certificatesAtMost };
  const live = await context.store.certificates.unexpiredOf(username, wanted);
  const lost = live.filter((one) => lostGroups(context, one, names).length > 0);
  if (lost.length === 0) return nothing;
  const comment = 'the directory says so: not in the group any more';
  return revocationSteps(context, lost, { reason: 'privilegeWithdrawn', comment, revokedAt: now, revokedBy: actor });
}

/**
 * The groups of a certificate that only the directory gives, and gives to its bearer no longer. `names`: the directory groups
 * of the bearer, as policies name them.
 */
export const lostGroups = (
  context: IssuanceContext,
  { cluster, username, groups }: Pick<ListedCertificate, 'cluster' | 'username' | 'groups'>,
  names: readonly string[],
): readonly string[] => groupsGivenOnly(context.policySet(), cluster, username, groups, names);

/** The directory groups of a user, as policies name them; none for somebody who left. */
export async function groupNamesOf(context: IssuanceContext, user: DirectoryUser): Promise<readonly string[]> {
  if (!isHere(user)) return [];
  const groups = (await context.store.directory.groupsOf([user.id])).get(user.id) ?? [];
  return groups.flatMap((group) => policyNameOf(context, group) ?? []);
}
