import { inRounds } from '../context/in-rounds.js';
import { idempotencyKeySeconds, unansweredKeySeconds } from '../context/idempotency-keys.js';
import { recoverRequests } from '../requests/recover-requests.js';
import { type Context, type IssuingCluster, secondsAfter } from '../context/context.js';
import { expireRequests } from '../requests/expire-requests.js';
import { settleReuses } from '../directory/confirm-user.js';
import { settleLosses } from '../directory/lose-groups.js';
import { announceExpiry, forgetOldNotices } from '../access/announce-expiry.js';
import { keptProofSeconds } from '../callers/authentication/key-proofs.js';
import { BlockedAccess } from '../access/blocks.js';
import { keepRevocationConfigMap } from '../access/keep-revocation-config-map.js';
import { clearUnrecordedObjects } from '../clusters/clear-unrecorded-objects.js';
import { watchUnknownIdentities } from '../clusters/watch-unknown-identities.js';
import { ArchiveDirectory } from '../log/archive-directory.js';
import { ArchivedEvents, keepRetention, type Retention } from '../log/archive-events.js';
import type { Checkpoints, CheckpointSigner } from '../log/sign-checkpoints.js';
import type { Runtime } from './runtime.js';
import { forgetIdempotencyKeys } from '../store/tables/idempotency-key-table.js';
import { forgetSessions } from '../store/tables/session-table.js';
import { forgetUsedProofs } from '../store/tables/used-proof-table.js';

const headMilliseconds = 60_000;

/**
 * Works beside the requests. At once and then every few seconds, a round recovers requests that were left, ends lapsed
 * requests, and deletes old idempotency keys, sessions and proofs; no round begins while another runs. Rounds of their
 * own announce certificates that end soon, because after an outage these may be many, and follow up lost groups,
 * because thousands may lose one at once. Every minute the head of the audit chain is logged, so that a kept log shows
 * whether the chain was ever rewritten.
 */
export function startHousekeeping(context: Context, roundMilliseconds = 5_000) {
  let stopped = false;
  let isRecovered = false;
  const { promise: recovered, resolve: tellRecovered } = Promise.withResolvers<undefined>();
  const isStopped = () => stopped;
  const blockedAccess = new BlockedAccess(context);
  const tasks = {
    async 'recovering requests'() {
      await recoverRequests(context, { isStopped, logged: !isRecovered });
      if (stopped) return;
      isRecovered = true;
      tellRecovered(undefined);
    },
    'expiring requests': () => expireRequests(context, isStopped),
    'ending the access of blocked identities': () => blockedAccess.endNext(),
    'settling names that were somebody else’s': () => settleReuses(context, isStopped),
    'forgetting idempotency keys, sessions and proofs': () => forgetLapsed(context),
  };
  const notices = {
    'announcing expiry': () => announceExpiry(context, isStopped),
    'forgetting announcements of expiry': () => forgetOldNotices(context),
  };
  const losses = { 'following up groups that people lost': () => settleLosses(context, isStopped) };
  const rounds = [tasks, notices, losses].map((each) =>
    inRounds(() => oneRound(context, each, isStopped), roundMilliseconds),
  );
  const heads = setInterval(() => void logHead(context), headMilliseconds);
  return {
    /** Resolves once the requests that an earlier process left are recovered; never where it is stopped before. */
    recovered,
    /** Begins nothing more, and resolves when the round under way has finished what it began. */
    async stop() {
      stopped = true;
      clearInterval(heads);
      await Promise.all(rounds.map((each) => each.stop()));
    },
  };
}

/** One round. A task that fails is logged, and runs again in the next round. */
async function oneRound(
  { log }: Context,
  tasks: Readonly<Record<string, () => Promise<void>>>,
  isStopped: () => boolean,
): Promise<void> {
  for (const [task, run] of Object.entries(tasks)) {
    if (isStopped()) return;
    try {
      await run();
    } catch (error) {
      log.error({ err: error }, `${task} did not work, it is tried again`);
    }
  }
}

/** Commits in every round, so that a store whose commits failed is soon known to work again. */
async function forgetLapsed({ store, clock }: Context): Promise<void> {
  const now = clock();
  const createdBefore = secondsAfter(now, -idempotencyKeySeconds);
  const expiredBefore = secondsAfter(now, -keptSessionSeconds);
  await store.writer.commit({
    operations: [
      forgetIdempotencyKeys(createdBefore, secondsAfter(now, -unansweredKeySeconds)),
      forgetSessions(expiredBefore),
      forgetUsedProofs(secondsAfter(now, -keptProofSeconds)),
    ],
    events: [],
  });
}

/** For so long the log says of a session that it ended, and not that it is unknown. */
const keptSessionSeconds = 86_400;

async function logHead({ store, log }: Context): Promise<void> {
  try {
    log.info(await store.auditEvents.head(), 'head of the audit chain');
  } catch (error) {
    log.error({ err: error }, 'the head of the audit chain could not be read');
  }
}

/** The work for a cluster that the service reaches. */
export function beginClusterWork(
  context: Context,
  name: string,
  { cluster, connection, signer }: IssuingCluster,
): readonly { stop(): Promise<void> }[] {
  if (connection === null) return [];
  return [
    watchUnknownIdentities(context, name, connection),
    ...(signer.needsCluster ? [clearUnrecordedObjects(context, name, connection)] : []),
    ...(cluster.revocation.mode === 'admission'
      ? [keepRevocationConfigMap(context, name, cluster.revocation, connection)]
      : []),
  ];
}

/** How often old events are looked for. */
const retentionMilliseconds = 60 * 60 * 1000;

/** Begins to archive old events; null where the configuration does not say so. It ends before checkpoints do. */
export function beginRetention(
  {
    config,
    overrides,
    clock,
    log,
    store,
    closings,
  }: Pick<Runtime, 'config' | 'overrides' | 'clock' | 'log' | 'store' | 'closings'>,
  checkpoints: Checkpoints,
  signers: readonly CheckpointSigner[],
): Retention | null {
  if (config.audit.archive === null) return null;
  const { afterDays, directory } = config.audit.archive;
  const { eventsPerArchive: eventsPerFile, retentionRoundMilliseconds = retentionMilliseconds } = overrides;
  const archived = new ArchivedEvents({
    store,
    checkpoints,
    signers,
    clock,
    log,
    files: new ArchiveDirectory(directory),
    afterDays,
    ...(eventsPerFile !== undefined && { eventsPerFile }),
  });
  const retention = keepRetention(archived, log, retentionRoundMilliseconds);
  closings.push(() => retention.stop());
  return retention;
}
