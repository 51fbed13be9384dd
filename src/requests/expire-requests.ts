import type { Context } from '../context/context.js';
import { moveRequest, requestEvent } from '../context/request-steps.js';
import type { CertificateRequest } from '../model/certificate-request.js';

/** How many requests are ended at the same time: they share the writer's commits, and leave room in its queue. */
const expiredAtOnce = 100;

/**
 * Ends pending requests that nobody decided on in time, and approved ones that nobody collected. `isStopped` is asked
 * now and then: once it is true, the others are left to the next round.
 */
export async function expireRequests(context: Context, isStopped = () => false): Promise<void> {
  const now = context.clock();
  const lapsed = await context.store.requests.lapsed(now);
  for (let begin = 0; begin < lapsed.length && !isStopped(); begin += expiredAtOnce)
    await Promise.all(lapsed.slice(begin, begin + expiredAtOnce).map((request) => expire(context, request, now)));
}

async function expire(context: Context, request: CertificateRequest, now: Date): Promise<void> {
  const reason = request.state === 'pending' ? 'NotDecided' : 'NotCollected';
  // A conflict means that somebody was faster: the request has moved on.
  await context.store.writer.commit({
    operations: [moveRequest(request.id, { state: request.state }, { state: 'expired', waitsUntil: null })],
    events: [requestEvent('RequestExpired', now, null, request, { reason })],
  });
}
