import { foldedName } from '@kubepass/inspect/formats';
import { liftLeaving } from '../access/blocks.js';
import { predecessorHasAccess } from '../access/directory-facts.js';
import type { Context } from '../context/context.js';
import { actsFor, whyNotPermitted } from '../callers/permissions.js';
import { isHere, type DirectoryUser } from '../model/directory.js';
import { refused, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { userEvent } from './change-user.js';
import { type DirectoryUserDetails, readDetails } from './read-directory.js';
import { updateDirectoryUser } from '../store/tables/directory-statements.js';

/** Says of a user whose name was somebody else's that the name is theirs now. */
export async function confirmDirectoryUser(
  context: Context,
  principal: Principal,
  id: string,
): Promise<Outcome<DirectoryUserDetails>> {
  const refusal = whyNotPermitted(principal, 'confirm-directory-users');
  if (refusal !== null) return refusal;
  for (;;) {
    const user = await context.store.directory.user(id);
    if (user === null) return refused({ kind: 'not-found' });
    if (user.username !== null && actsFor(principal, user.username))
      return refused({ kind: 'not-permitted', message: 'nobody confirms themselves: somebody else must do it' });
    if (user.reuse === null || (await settleReuse(context, user, principal.name))) return readDetails(context, id);
  }
}

/**
 * Ends the wait of a successor, and the block that a predecessor's leaving made with it: at once, or when the successor
 * returns. False where something of it has changed meanwhile.
 */
async function settleReuse(context: Context, user: DirectoryUser, actor: string): Promise<boolean> {
  const { store, clock } = context;
  if (user.reuse === null) return true;
  const now = clock();
  const names = user.username === null ? [] : [foldedName(user.username)];
  const [stored] = await store.identityBlocks.find(names);
  const bearers = await store.directory.bearersOf(names);
  const ofLeaver =
    stored?.leaving && bearers.some(({ blockedAt }) => blockedAt?.getTime() === stored.leaving?.at.getTime())
      ? stored
      : null;
  const here = isHere(user);
  const unblocking =
    ofLeaver !== null && here
      ? liftLeaving(context, actor, ofLeaver, now, 'the name is somebody else’s now')
      : { operations: [], events: [] };
  const settled: DirectoryUser = {
    ...user,
    reuse: null,
    changedAt: now,
    version: user.version + 1,
    blockedAt: here ? null : (ofLeaver?.leaving?.at ?? user.blockedAt),
  };
  const { committed } = await store.writer.commit({
    operations: [updateDirectoryUser({ user: settled, version: user.version }), ...unblocking.operations],
    events: [userEvent('Confirmed', { ...settled, reuse: user.reuse }, actor, now, []), ...unblocking.events],
  });
  return committed;
}

const settledAtOnce = 50;
/** The principal in the log where nobody confirmed it. */
const byItself = 'kubepass';

/** Ends the wait of successors who are here, once their predecessors' certificates have ended. */
export async function settleReuses(context: Context, isStopped: () => boolean): Promise<void> {
  let behind = 0n;
  while (!isStopped()) {
    const found = await context.store.directory.reused(behind, settledAtOnce);
    const last = found.at(-1);
    if (last === undefined) return;
    behind = last.n;
    for (const { user } of found)
      if (!isStopped() && user.reuse !== null && user.username !== null)
        if (!(await predecessorHasAccess(context, user.username, user.reuse)))
          await settleReuse(context, user, byItself);
  }
}
