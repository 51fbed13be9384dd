import type { IssuanceContext } from './context.js';
import { requestEvent } from './events.js';

/** Ends pending requests that nobody decided on, and approved ones that nobody collected, in time. */
export async function expireRequests(context: IssuanceContext): Promise<void> {
  const now = context.clock();
  for (const request of await context.store.requests.lapsed(now)) {
    const reason = request.state === 'pending' ? 'NotDecided' : 'NotCollected';
    // A conflict means that somebody was faster: the request has moved on.
    await context.store.writer.commit({
      operations: [
        {
          op: 'moveRequest',
          id: request.id,
          from: { state: request.state },
          to: { state: 'expired', expiresAt: null },
        },
      ],
      events: [requestEvent('RequestExpired', now, null, request, { reason })],
    });
  }
}
