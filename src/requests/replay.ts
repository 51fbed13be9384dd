import { setTimeout as sleep } from 'node:timers/promises';
import { auditEvent } from '../model/audit-event.js';
import { done, refused, type Outcome, type Refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { whyNotPermitted } from '../callers/permissions.js';
import {
  replayChanges,
  unrecordedFacts,
  type RecordedRequest,
  type Replayed,
  type ReplayItem,
  type ReplaySummary,
  type RecordedRequestRange,
} from '../model/replay.js';
import { DraftRefusedError } from '../policy/workers/draft.js';
import type { ReplaySession } from '../policy/workers/draft-pool.js';
import type { SupposedUser } from '../model/directory.js';
import { supposedParty } from '../access/directory-facts.js';
import type { Context } from '../context/context.js';
import { isProbe } from '../context/request-steps.js';
import { drafted, type DraftingContext, draftOf, draftRefusal } from './drafts.js';

/** How many requests are read at once: the event loop waits a few milliseconds for them. */
const chunkSize = 100;
/** How many requests there are between two lines of progress. */
const requestsPerProgress = 1000;
/** After each chunk the event loop is left to others. A hundred thousand requests take ten seconds longer for it. */
const restMilliseconds = 10;

/** A draft, and the requests that it decides again. The default of `before` is now. */
interface ReplayAsk extends Partial<RecordedRequestRange> {
  /** YAML, as in policy files. */
  readonly policies: readonly string[];
  /** Supposed of these usernames, in place of what the directory told when their requests were decided. */
  readonly directory?: readonly SupposedUser[];
}

/** A replay that has begun. */
export interface Replay extends RecordedRequestRange {
  readonly policySetDigest: string;
  /** The items as they are found, several at a time. Ending the generator early ends the replay. */
  readonly items: AsyncGenerator<readonly ReplayItem[], void, void>;
}

/** Decides the requests of a period again under a draft. Throws `PoliciesBusyError` while another replay runs. */
export async function replayPolicies(
  context: DraftingContext,
  principal: Principal,
  { policies, after, before, cluster, directory = [] }: ReplayAsk,
): Promise<Outcome<Replay>> {
  const now = context.clock();
  const range = {
    ...(cluster !== undefined && { cluster }),
    ...(after !== undefined && { after }),
    // Requests of the future would keep it from ending.
    before: before === undefined || before > now ? now : before,
  };
  const refusal = whyNotPermitted(principal, 'draft-policies') ?? whyNotPeriod(after, range.before);
  if (refusal) return refusal;
  const opened = await drafted(() => context.drafts.replay(draftOf(policies, [])));
  if (!opened.ok) return opened;
  const items = replayItems(context, principal.name, opened.value, range, directory);
  // From here on the session is closed when the items are ended.
  await items.next();
  return done({ policySetDigest: opened.value.digest, ...range, items });
}

function whyNotPeriod(after: Date | undefined, before: Date): Refused | null {
  if (after === undefined || after < before) return null;
  const errors = [{ pointer: '/after', message: 'must lie before `before` and before now' }];
  return refused({ kind: 'invalid-request', errors });
}

/**
 * Replays the requests of a period, chunk by chunk as the items are taken. The first item is empty: once it is taken,
 * ending the items closes the session. The audit log tells of every replay, however it ended.
 */
export async function* replayItems(
  context: Context,
  principal: string,
  session: ReplaySession,
  range: RecordedRequestRange,
  supposed: readonly SupposedUser[] = [],
): AsyncGenerator<readonly ReplayItem[], void, void> {
  const tally = newTally();
  const record = (complete: boolean) => recordReplay(context, principal, session.digest, range, tally, complete);
  let recorded = false;
  try {
    yield [];
    let told = 0;
    const suppositions = new Map(supposed.map((one) => [one.username, one]));
    for await (const chunk of chunks(context, range)) {
      const replayed = await session.replay(
        chunk.map((request) => supposing(request, suppositions.get(request.username))),
      );
      const items: ReplayItem[] = replayed.filter((one) => one.kind !== 'unchanged');
      count(tally, replayed);
      const last = chunk.at(-1);
      if (last && tally.requests - told >= requestsPerProgress) {
        told = tally.requests;
        items.push({
          kind: 'progress',
          requests: told,
          changed: tally.changed.requests,
          decidedAt: last.decision.decidedAt,
        });
      }
      if (items.length > 0) yield items;
    }
    await record(true);
    recorded = true;
    yield [{ kind: 'summary', ...tally }];
  } catch (error) {
    if (!(error instanceof DraftRefusedError)) throw error;
    yield [{ kind: 'refused', refusal: draftRefusal(error) }];
  } finally {
    await session.close();
    if (!recorded)
      await record(false).catch((error: unknown) => {
        context.log.error({ err: error }, 'a replay that was cut short could not be put on record');
      });
  }
}

/** The request with the directory as it is supposed to be. */
function supposing(request: RecordedRequest, supposed: SupposedUser | undefined): RecordedRequest {
  if (supposed === undefined) return request;
  const { decision } = request;
  const nobody = { state: 'unknown', groups: [], reused: false } as const;
  const none = { required: false, username: nobody, requester: nobody, collector: nobody };
  const recorded = decision.facts.directory ?? none;
  const directory = { ...recorded, username: supposedParty(recorded.username, supposed) };
  return { ...request, decision: { ...decision, facts: { ...decision.facts, directory } } };
}

/** The requests that policies decided on, oldest first: all but those of probes. */
async function* chunks(
  { store }: Context,
  range: RecordedRequestRange,
): AsyncGenerator<readonly RecordedRequest[], void, void> {
  let afterId: string | null = null;
  for (;;) {
    const chunk: readonly RecordedRequest[] = await store.recordedRequests.chunk(range, afterId, chunkSize);
    const decided = chunk.filter((request) => !isProbe(request));
    if (decided.length > 0) yield decided;
    const last = chunk.at(-1);
    if (last === undefined || chunk.length < chunkSize) return;
    afterId = last.id;
    await sleep(restMilliseconds);
  }
}

async function recordReplay(
  { store, clock }: Context,
  principal: string,
  policySetDigest: string,
  { cluster, after, before }: RecordedRequestRange,
  tally: ReplaySummary,
  complete: boolean,
): Promise<void> {
  const details = {
    policySetDigest,
    after: after?.toISOString() ?? null,
    before: before.toISOString(),
    complete,
    ...tally,
  };
  await store.writer.commit({
    operations: [],
    events: [auditEvent('PolicyReplayed', clock(), principal, details, { cluster: cluster ?? null })],
  });
}

/** Counts the results of a replay. */
function newTally() {
  return {
    requests: 0,
    changed: { requests: 0, ...zeros(replayChanges) },
    undecidable: { requests: 0, ...zeros(unrecordedFacts) },
    failed: 0,
  };
}

function count(tally: ReturnType<typeof newTally>, replayed: readonly Replayed[]): void {
  tally.requests += replayed.length;
  for (const one of replayed)
    if (one.kind === 'changed') {
      tally.changed.requests += 1;
      for (const change of one.changes) tally.changed[change] += 1;
    } else if (one.kind === 'undecidable') {
      tally.undecidable.requests += 1;
      for (const fact of one.facts) tally.undecidable[fact] += 1;
    } else if (one.kind === 'failed') tally.failed += 1;
}

const zeros = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
