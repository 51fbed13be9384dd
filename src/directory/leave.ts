import { auditEvent } from '../model/audit-event.js';
import type { ListedCertificate, Revocation } from '../model/certificate.js';
import type { DirectoryLeaving, DirectoryUser } from '../model/directory.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { IdentityBlock } from '../model/identity.js';
import type { ApiToken } from '../model/principal.js';
import type { RevocationReason } from '@kubepass/x509';
import type { LeftOver } from '../model/webhook-delivery.js';
import type { Step } from '../store/steps/step.js';
import type { IssuanceContext } from '../context/context.js';
import { announce } from '../context/request-steps.js';
import { blockingStep, widenedByLeaving } from '../access/block-steps.js';
import { findAccess, nothingToEnd, spellingsOf, type AccessToEnd } from '../access/end-access.js';
import { residualExposureOf } from '../access/enforcement-on.js';
import { revokingTokens, tokensOfLeavers } from '../access/roles-lost.js';

/** The commit by which somebody leaves; it is part of the commit of the change that causes it. */
export interface LeavingStep {
  readonly step: Step;
  readonly left: DirectoryLeaving;
  /** The instant of the block that it makes, or that the leaving of an earlier bearer made; null: it has no username. */
  readonly blockedAt: Date | null;
  /** The access that is left after the step is ended with this block. Null: there is none, and nothing to end. */
  readonly block: IdentityBlock | null;
}

/** The way in which somebody leaves. */
export type How = 'Deactivated' | 'Deleted' | 'Renamed';

export interface LeavingOptions {
  readonly actor: string;
  readonly now: Date;
  /** Whether the step ends the first part of the access too. */
  readonly together: boolean;
}

/** Kept with the user, and shown as the consequences. */
const keptAtMost = 200;

/**
 * Everything that ends when a user leaves: the name is blocked, its sessions end, its API tokens are revoked, its requests
 * cancelled and its certificates revoked.
 */
export async function leavingStep(
  context: IssuanceContext,
  user: DirectoryUser,
  how: How,
  options: LeavingOptions,
): Promise<LeavingStep> {
  const { id: userId, userName, externalId, username } = user;
  const { actor, now } = options;
  const { revoked, kept } = await tokensOfLeavers(context, username === null ? [] : [foldedName(username)], now);
  const { ended, block, blockedAt, step } =
    username === null ? withoutUsername : await blockOfLeaver(context, { ...user, username }, how, revoked, options);
  const tokens = revokingTokens(revoked, now, actor);
  const left: DirectoryLeaving = {
    at: now.toISOString(),
    cancelledRequests: ended.requests.slice(0, keptAtMost).map(({ id }) => id),
    revokedTokens: revoked.slice(0, keptAtMost).map(({ id }) => id),
    keptTokens: kept.map(({ id }) => id),
  };
  const details = {
    userId,
    userName,
    externalId,
    username,
    how,
    revokedCertificates: ended.certificates.length,
    cancelledRequests: ended.requests.length,
    endedSessions: ended.sessions.length,
    revokedTokens: left.revokedTokens,
    keptTokens: left.keptTokens,
  };
  return {
    step: {
      operations: [...tokens.operations, ...step.operations],
      events: [auditEvent('DirectoryUserDeactivated', now, actor, details), ...tokens.events, ...step.events],
    },
    left,
    blockedAt,
    block,
  };
}

/** The block of a leaver's name, and the access that ends in the same commit. */
interface BlockOfLeaver {
  readonly step: Step;
  readonly ended: AccessToEnd;
  readonly blockedAt: Date | null;
  readonly block: IdentityBlock | null;
}

const withoutUsername: BlockOfLeaver = {
  step: { operations: [], events: [] },
  ended: nothingToEnd,
  blockedAt: null,
  block: null,
};

async function blockOfLeaver(
  context: IssuanceContext,
  user: Pick<DirectoryUser, 'id'> & { readonly username: string },
  how: How,
  revokedTokens: readonly ApiToken[],
  { actor, now, together }: LeavingOptions,
): Promise<BlockOfLeaver> {
  const { username } = user;
  const reason: RevocationReason = how === 'Renamed' ? 'affiliationChanged' : 'cessationOfOperation';
  const comment = `the directory says so: ${how.toLowerCase()}`;
  const revocation = { reason, comment, revokedAt: now, revokedBy: actor };
  const [stored = null] = await context.store.identityBlocks.find([foldedName(username)]);
  const asked = { username, reason, comment, clusters: null, until: null, blockedAt: now, blockedBy: actor };
  const { block, leaving, part } = widenedByLeaving(stored, asked, now);
  const result = { block: part, blockedAt: leaving?.at ?? null };
  if (block === null) {
    // The block's own message went out when another bearer left.
    const left = await leftOver(context, user, nothingToEnd, revocation, revokedTokens);
    const counts = { revokedCertificates: 0, cancelledRequests: 0 };
    const operations = announce(context, { event: 'identity.blocked', at: now, block: part, ...counts, left });
    return { ...result, step: { operations, events: [] }, ended: nothingToEnd };
  }
  const found = together ? await findAccess(context, part) : nothingToEnd;
  const ended = context.directory.cancelRequests ? found : { ...found, requests: [] };
  const left = await leftOver(context, user, ended, revocation, revokedTokens);
  const step = blockingStep(context, { username, stored, block, leaving, part, ended, actor, now, left });
  return { ...result, step, ended };
}

/** Keeps messages to webhooks below 20 KB (Standard Webhooks, payload size); the directory user itself lists all. */
const shown = 20;

/** The access that somebody who leaves still has, once these certificates are revoked and these tokens too. */
async function leftOver(
  context: IssuanceContext,
  { id, username }: Pick<DirectoryUser, 'id'> & { readonly username: string },
  { certificates }: Pick<AccessToEnd, 'certificates'>,
  revocation: Revocation,
  revokedTokens: readonly ApiToken[],
): Promise<LeftOver> {
  const { store, clock } = context;
  const now = clock();
  const wanted = { revoked: true, clusters: null, now, limit: shown };
  const names = await spellingsOf(context, username);
  const [others, made, ...before] = await Promise.all([
    store.certificates.requestedForOthers(names, { revokedToo: false, now, limit: shown }),
    store.apiTokens.liveMadeBy([foldedName(username)], now),
    ...names.map((name) => store.certificates.unexpiredOf(name, wanted)),
  ]);
  const revoked: ListedCertificate[] = [...certificates.map((one) => ({ ...one, revocation })), ...before.flat()];
  const gone = new Set(revokedTokens.map((token) => token.id));
  return {
    directoryUserId: id,
    residualExposure: revoked.flatMap((one) => residualExposureOf(context, one)).slice(0, shown),
    requestedForOthers: others
      .slice(0, shown)
      .map(({ fingerprintSha256, username: name, cluster }) => ({ fingerprintSha256, username: name, cluster })),
    tokensMade: made
      .filter((token) => !gone.has(token.id))
      .slice(0, shown)
      .map((token) => ({ id: token.id, name: token.name })),
    revokedTokens: [...gone].slice(0, shown),
  };
}
