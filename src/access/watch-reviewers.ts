import type { ReviewerToken } from '../callers/api-tokens.js';
import type { Context } from '../context/context.js';
import { inRounds, type Rounds } from '../context/in-rounds.js';

/** How often it is looked whether a cluster is about to lose its reviewer. */
const roundMilliseconds = 6 * 3600_000;
const warnMilliseconds = 14 * 86_400_000;

/**
 * Warns in the log, from two weeks before on, of clusters whose last reviewer ends. An API server without a valid token
 * can ask nobody, so it refuses everybody who has a certificate.
 */
export function watchReviewers({ store, clock, log }: Pick<Context, 'store' | 'clock' | 'log'>): Rounds {
  return inRounds(async () => {
    const now = clock();
    try {
      for (const { cluster, endsAt } of endingReviewers(await store.apiTokens.liveReviewers(now), now))
        log.warn({ cluster, endsAt }, 'the last reviewer of a cluster ends soon: make another and put it in place');
    } catch (error) {
      log.error({ err: error }, 'it could not be looked when the reviewers of clusters end');
    }
  }, roundMilliseconds);
}

/** The clusters all of whose reviewers end within two weeks, with the end of the last one. */
export function endingReviewers(
  live: readonly Pick<ReviewerToken, 'token'>[],
  now: Date,
): readonly { readonly cluster: string; readonly endsAt: Date }[] {
  const ends = new Map<string, number>();
  for (const { token } of live)
    if (token.cluster !== null)
      ends.set(token.cluster, Math.max(ends.get(token.cluster) ?? 0, token.expiresAt?.getTime() ?? Infinity));
  return [...ends].flatMap(([cluster, end]) =>
    end - now.getTime() < warnMilliseconds ? [{ cluster, endsAt: new Date(end) }] : [],
  );
}
