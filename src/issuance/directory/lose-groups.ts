import { isHere, type DirectoryGroup, type DirectoryUser } from '../../model/directory.js';
import type { ListedCertificate } from '../../model/certificate.js';
import { groupsGivenOnly } from '../../policy/directory-groups.js';
import type { Step } from '../../store/step.js';
import { denyIfNoLongerPermitted } from '../policies/recheck-policy.js';
import type { IssuanceContext } from '../context.js';
import { revocationSteps } from '../lifecycle/revocation-steps.js';
import { policyNameOf } from './policy-name.js';

/** How many people lose their certificates in the commit of the change itself. The others follow it. */
const togetherAtMost = 50;
/** How many requests of one person are judged again. */
const judgedAtMost = 200;
/** How many certificates of one person are looked at: those that end last. */
const certificatesAtMost = 200;

const nothing: Step = { operations: [], events: [] };

/**
 * The step that revokes the certificates with a group that these people lose, where the configuration says so. `group`: the
 * one that they are in no longer; `renamed`: it as it is from now on, where they stay in it.
 */
export async function losingStep(
  context: IssuanceContext,
  actor: string,
  users: readonly DirectoryUser[],
  renamed: DirectoryGroup | null,
  group: DirectoryGroup,
  now: Date,
): Promise<Step> {
  if (context.directory.onLostGroup !== 'revoke' || users.length === 0) return nothing;
  const some = users.slice(0, togetherAtMost);
  const groups = await context.store.directory.groupsOf(some.map(({ id }) => id));
  const steps: Step[] = [];
  for (const user of some) {
    const others = (groups.get(user.id) ?? []).filter(({ id }) => id !== group.id);
    const names = [...others, ...(renamed ? [renamed] : [])].flatMap((one) => policyNameOf(context, one) ?? []);
    steps.push(await revokingStep(context, actor, user, names, now));
  }
  return { operations: steps.flatMap(({ operations }) => operations), events: steps.flatMap(({ events }) => events) };
}

/** Judges the waiting requests of these people again, and revokes whatever the commit did not. */
export async function afterLosing(
  context: IssuanceContext,
  actor: string,
  users: readonly DirectoryUser[],
  now: Date,
): Promise<void> {
  if (users.length === 0) return;
  const work = (some: readonly DirectoryUser[]) => follow(context, actor, some, now);
  await work(users.slice(0, togetherAtMost));
  // Thousands may lose a group at once, and nobody gets anything meanwhile: each request is judged before it goes on.
  const rest = users.slice(togetherAtMost);
  if (rest.length > 0)
    void work(rest).catch((error: unknown) => {
      context.log.error({ err: error }, 'the requests of people who lost a group could not be judged again');
    });
}

async function follow(
  context: IssuanceContext,
  actor: string,
  users: readonly DirectoryUser[],
  now: Date,
): Promise<void> {
  const { store, directory } = context;
  for (const user of users) {
    if (user.username === null) continue;
    if (directory.onLostGroup === 'revoke') {
      const groups = (await store.directory.groupsOf([user.id])).get(user.id) ?? [];
      const names = groups.flatMap((one) => policyNameOf(context, one) ?? []);
      // A conflict means that somebody else revoked one of them meanwhile; then it is tried once more.
      for (let tries = 0; tries < 3; tries++) {
        const step = await revokingStep(context, actor, user, names, now);
        if (step.operations.length === 0 || (await store.writer.commit(step)).committed) break;
      }
    }
    for (const state of ['pending', 'approved'] as const) {
      const { items } = await store.requests.list(
        { state, username: user.username },
        { limit: judgedAtMost, cursor: null },
      );
      for (const request of items) await denyIfNoLongerPermitted(context, request, actor);
    }
  }
}

async function revokingStep(
  context: IssuanceContext,
  actor: string,
  user: DirectoryUser,
  names: readonly string[],
  now: Date,
): Promise<Step> {
  if (user.username === null) return nothing;
  const wanted = { revoked: false, clusters: null, now, limit: certificatesAtMost };
  const live = await context.store.certificates.unexpiredOf(user.username, wanted);
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
