import { sessionEnded } from '../../identity/sessions/sessions.js';
import { auditEvent } from '../../model/audit-event.js';
import type { Restoration } from '../../model/restoration.js';
import type { Store } from '../../store/store.js';
import type { Log } from '../context.js';

/** How many sessions are ended in one commit. */
const endedAtOnce = 200;

/**
 * Records that the database was put back from a backup, and ends the browsers' sessions that it brought back: whoever signed
 * out since would be signed in again.
 */
export async function recordRestoration(
  { store, log }: { readonly store: Pick<Store, 'sessions' | 'writer'>; readonly log: Log },
  restoration: Restoration,
): Promise<void> {
  const { detectedAt, detectedBy, events, knownUntil, signedEvents } = restoration;
  const details = { detectedBy, events, knownUntil: knownUntil?.toISOString() ?? null, signedEvents };
  await store.writer.commit({
    operations: [{ op: 'insertRestoration', restoration }],
    events: [auditEvent('DatabaseRestored', detectedAt, null, details)],
  });
  log.warn(details, 'the database was put back from a backup: an admin has to acknowledge what it may not know');
  for (;;) {
    const { items } = await store.sessions.list(null, detectedAt, { limit: endedAtOnce, cursor: null });
    if (items.length === 0) return;
    const { committed } = await store.writer.commit({
      operations: items.map(({ id }) => ({ op: 'endSession', id, at: detectedAt })),
      events: items.map((session) => sessionEnded(session, detectedAt, null, 'DatabaseRestored')),
    });
    // Somebody else ended one of them meanwhile: whoever is left is found again.
    if (!committed) log.info({ sessions: items.length }, 'sessions of a restored database are ended again');
  }
}
