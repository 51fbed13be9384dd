import type { WebhookAttemptEnd } from '../model/webhook-delivery.js';
import type { WebhookAnswer } from './webhook.js';

/** Seconds before the next attempt. Ten attempts take two days and 17 hours, with jitter up to 3.5 days. */
const backoffSeconds = [5, 30, 120, 600, 3600, 14_400, 43_200, 86_400, 86_400];
/** The largest random addition, as a fraction: deliveries that failed together should not come again together. */
const jitter = 0.3;
const longestRetryAfterSeconds = 3600;

/** Characters of a failure that are kept. */
const failureLength = 500;

interface JudgedAnswer {
  readonly end: WebhookAttemptEnd;
  /** Until when the receiver wants no delivery at all; null: it did not say. */
  readonly pauseUntil: Date | null;
}

/**
 * Judges the answer to attempt number `attempt` (1 for the first) by Standard Webhooks 1.0.0, delivery success and
 * failure. `chance` is from 0 to 1.
 */
export function judgeAnswer(
  answer: Exclude<WebhookAnswer, { readonly kind: 'abandoned' }>,
  attempt: number,
  now: Date,
  chance: number,
): JudgedAnswer {
  if (answer.kind === 'failed') return again(answer.failure, attempt, now, chance, 0);
  const { status } = answer;
  if (status >= 200 && status <= 299) return { end: { state: 'delivered' }, pauseUntil: null };
  if (status === 410)
    return { end: { state: 'dead', failure: 'answered 410: it wants no more of this' }, pauseUntil: null };
  if (status >= 300 && status <= 399)
    return again(
      `answered ${status}: redirects are not followed, configure the address itself`,
      attempt,
      now,
      chance,
      0,
    );
  return again(`answered ${status}`, attempt, now, chance, retryAfterSeconds(answer.retryAfter, now));
}

function again(failure: string, attempt: number, now: Date, chance: number, waitSeconds: number): JudgedAnswer {
  const pauseUntil = waitSeconds > 0 ? secondsAfter(now, waitSeconds) : null;
  const backoff = backoffSeconds[attempt - 1];
  const bounded = failure.slice(0, failureLength);
  if (backoff === undefined) return { end: { state: 'dead', failure: bounded }, pauseUntil };
  const seconds = Math.max(backoff * (1 + jitter * chance), waitSeconds);
  return { end: { state: 'waiting', failure: bounded, nextAttemptAt: secondsAfter(now, seconds) }, pauseUntil };
}

/** RFC 9110 10.2.3: seconds, or an HTTP date; 0 where it is neither, and an hour at most. */
function retryAfterSeconds(retryAfter: string | null, now: Date): number {
  if (retryAfter === null) return 0;
  const seconds = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now.getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), longestRetryAfterSeconds) : 0;
}

const secondsAfter = (instant: Date, seconds: number): Date => new Date(instant.getTime() + seconds * 1000);
