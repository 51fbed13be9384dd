import { auditEvent } from '../../model/audit-event.js';
import type { DirectoryLeaving, DirectoryUser } from '../../model/directory.js';
import { foldedName } from '../../model/folded-name.js';
import type { IdentityBlock } from '../../model/identity-block.js';
import type { RevocationReason } from '../../x509/strict/revocation-reasons.js';
import type { Operation, Step } from '../../store/step.js';
import type { IssuanceContext } from '../context.js';
import { announce } from '../events.js';
import { prepareBlock } from '../lifecycle/block-identity.js';
import { nothingToEnd } from '../lifecycle/end-access.js';
import { revokingTokens, tokensOfLeavers } from '../lifecycle/leavers-tokens.js';
import { leftOver } from './left-over.js';

/** A leaving, as it is committed with the change of the user that causes it. */
export interface Leaving {
  readonly step: Step;
  readonly left: DirectoryLeaving;
  /** The instant of the block that it makes, or that the leaving of an earlier bearer made; null: it has no username. */
  readonly blockedAt: Date | null;
  /** The access that is left after the step is ended with this block. Null: there is none, and nothing to end. */
  readonly block: IdentityBlock | null;
}

/** The way in which somebody leaves. */
export type How = 'Deactivated' | 'Deleted' | 'Renamed';

/** Kept with the user, and shown as the consequences. */
const keptAtMost = 200;

/**
 * Everything that ends when a user leaves: the name is blocked, its sessions end, its API tokens are revoked, its requests
 * cancelled and its certificates revoked. `username`: the name that loses its access; null: the user has none.
 */
export async function leavingOf(
  context: IssuanceContext,
  actor: string,
  user: DirectoryUser,
  username: string | null,
  how: How,
  { now, together }: { readonly now: Date; readonly together: boolean },
): Promise<Leaving> {
  const { directory } = context;
  const { revoked, kept } = await tokensOfLeavers(context, username === null ? [] : [foldedName(username)], now);
  const reason: RevocationReason = how === 'Renamed' ? 'affiliationChanged' : 'cessationOfOperation';
  const comment = `the directory says so: ${how.toLowerCase()}`;
  const revocation = { reason, comment, revokedAt: now, revokedBy: actor };
  const prepared =
    username === null
      ? null
      : await prepareBlock(
          context,
          actor,
          username,
          { reason, comment },
          {
            now,
            together,
            isLeaving: true,
            cancelRequests: directory.cancelRequests,
            leftOver: (ended) => leftOver(context, user, username, ended, revocation, revoked),
          },
        );
  const { sessions, requests, certificates } = prepared?.ended ?? nothingToEnd;
  const left: DirectoryLeaving = {
    at: now.toISOString(),
    cancelledRequests: requests.slice(0, keptAtMost).map(({ id }) => id),
    revokedTokens: revoked.slice(0, keptAtMost).map(({ id }) => id),
    keptTokens: kept.map(({ id }) => id),
  };
  const details = {
    ...{ userId: user.id, userName: user.userName, externalId: user.externalId, username, how },
    ...{ revokedCertificates: certificates.length, cancelledRequests: requests.length, endedSessions: sessions.length },
    ...{ revokedTokens: left.revokedTokens, keptTokens: left.keptTokens },
  };
  // The name is blocked in this way already, so the block's own message went out when another bearer left.
  const told: readonly Operation[] =
    username === null || prepared?.step !== null
      ? []
      : announce(context, {
          event: 'identity.blocked',
          ...{ at: now, block: prepared.part, revokedCertificates: 0, cancelledRequests: 0 },
          left: await leftOver(context, user, username, prepared.ended, revocation, revoked),
        });
  const tokens = revokingTokens(revoked, now, actor);
  return {
    step: {
      operations: [...tokens.operations, ...(prepared?.step?.operations ?? []), ...told],
      events: [
        auditEvent('DirectoryUserDeactivated', now, actor, details),
        ...tokens.events,
        ...(prepared?.step?.events ?? []),
      ],
    },
    left,
    blockedAt: prepared?.leaving?.at ?? null,
    block: prepared?.part ?? null,
  };
}
