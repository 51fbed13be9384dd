import { sessionEnded } from '../identity/sessions.js';
import { auditEvent } from '../model/audit-event.js';
import type { Restoration } from '../model/restoration.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import type { Log } from '../context/context.js';

/** How many sessions are ended in one commit. */
const endedAtOnce = 200;

type RecordingContext = { readonly store: Pick<Store, 'sessions' | 'writer'>; readonly log: Log };

/**
 * Records that the database was put back from a backup, and ends the browsers' sessions that it brought back: whoever signed
 * out since would be signed in again.
 */
export async function recordRestoration(context: RecordingContext, restoration: Restoration): Promise<void> {
  await context.store.writer.commit(restorationStep(restoration));
  await afterRestoration(context, restoration);
}

/** The step that records it. */
export const restorationStep = (restoration: Restoration): Step => ({
  operations: [{ op: 'insertRestoration', restoration }],
  events: [auditEvent('DatabaseRestored', restoration.detectedAt, null, detailsOf(restoration))],
});

const detailsOf = ({ detectedBy, events, knownUntil, signedEvents }: Restoration) => ({
  detectedBy,
  events,
  signedEvents,
  knownUntil: knownUntil?.toISOString() ?? null,
});

/** Tells of a restoration that is on record, and ends the sessions. */
export async function afterRestoration({ store, log }: RecordingContext, restoration: Restoration): Promise<void> {
  const { detectedAt } = restoration;
  log.warn(
    detailsOf(restoration),
    'the database was put back from a backup: an admin has to acknowledge what it may not know',
  );
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
