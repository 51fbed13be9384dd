import { sessionEnded } from '../callers/sessions.js';
import { randomBytes } from 'node:crypto';
import type { Log } from '../context/context.js';
import { auditEvent } from '../model/audit-event.js';
import { newId } from '../model/new-id.js';
import type { Restoration } from '../model/restoration.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';

/** How far an audit log goes. */
export interface LogAsFound {
  readonly events: number;
  /** When the last event happened; null: there is none. */
  readonly knownUntil: Date | null;
}

export async function logAsFound(
  auditEvents: Pick<Store['auditEvents'], 'head' | 'chunk'>,
  upTo?: number,
): Promise<LogAsFound> {
  const events = upTo ?? (await auditEvents.head()).seq;
  const [last] = events === 0 ? [] : await auditEvents.chunk(events - 1, 1);
  return { events, knownUntil: last?.at ?? null };
}

/** A restoration that nobody has acknowledged. `signedEvents`: the largest size that is known to be signed; 0: none. */
export const newRestoration = (
  detectedBy: Restoration['detectedBy'],
  detectedAt: Date,
  found: LogAsFound,
  signedEvents: number,
  random: (octets: number) => Buffer = randomBytes,
): Restoration => ({
  id: newId(detectedAt, random),
  detectedAt,
  detectedBy,
  ...found,
  signedEvents: signedEvents || null,
  acknowledgedAt: null,
  acknowledgedBy: null,
});

export const isOpen = ({ acknowledgedAt }: Restoration): boolean => acknowledgedAt === null;

/** The largest size that was signed before one of them, as far as that is known; 0: none. */
export const mostSigned = (restorations: readonly Restoration[]): number =>
  Math.max(0, ...restorations.map(({ signedEvents }) => signedEvents ?? 0));

/** How many sessions are ended in one commit. */
const endedAtOnce = 200;

type RecordingContext = { readonly store: Pick<Store, 'sessions' | 'writer'>; readonly log: Log };

/**
 * Records that the database was put back from a backup, and ends the browsers' sessions that it brought back: whoever
 * signed out since would be signed in again.
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
