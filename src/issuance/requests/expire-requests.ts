import type { CertificateRequest } from '../../model/certificate-request.js';
import type { IssuanceContext } from '../context.js';
import { requestEvent } from '../events.js';
import { moveRequest } from './state-machine.js';

/** How many are ended at the same time: they share the writer's commits, and leave room in its queue. */
const atTheSameTime = 100;

/**
 * Ends pending requests that nobody decided on, and approved ones that nobody collected, in time. `isStopped` is asked
 * now and then: once it is true, the others are left to the next round.
 */
export async function expireRequests(context: IssuanceContext, isStopped = () => false): Promise<void> {
  const now = context.clock();
  const lapsed = await context.store.requests.lapsed(now);
  for (let begin = 0; begin < lapsed.length && !isStopped(); begin += atTheSameTime)
    await Promise.all(lapsed.slice(begin, begin + atTheSameTime).map((request) => expire(context, request, now)));
}

async function expire(context: IssuanceContext, request: CertificateRequest, now: Date): Promise<void> {
  const reason = request.state === 'pending' ? 'NotDecided' : 'NotCollected';
  // A conflict means that somebody was faster: the request has moved on.
  await context.store.writer.commit({
    operations: [moveRequest(request.id, { state: request.state }, { state: 'expired', expiresAt: null })],
    events: [requestEvent('RequestExpired', now, null, request, { reason })],
  });
}
