import type { Log } from '../context/context.js';
import { inRounds, type Rounds } from '../context/in-rounds.js';
import { RetentionError, type ArchivedEvents } from './archive-events.js';

export interface Retention extends Rounds {
  /** Sentences about what keeps events from being archived. */
  notes(): readonly string[];
}

/** Archives and prunes old events at once and then at this interval. */
export function keepRetention(archived: ArchivedEvents, log: Log, roundMilliseconds: number): Retention {
  let stopped = false;
  let note: string | null = null;
  const run = async () => {
    try {
      await archived.run(() => stopped);
      note = null;
    } catch (error) {
      if (stopped) return;
      const known = error instanceof RetentionError;
      // Everybody may read it: paths are in the log alone.
      note = `no audit event is archived or pruned: ${known ? error.summary : 'the log of the service says why'}`;
      if (known) log.warn({ reason: error.message }, 'no audit event is archived or pruned, it is tried again');
      else log.error({ err: error }, 'no audit event is archived or pruned, it is tried again');
    }
  };
  const rounds = inRounds(run, roundMilliseconds);
  return {
    async stop() {
      stopped = true;
      await rounds.stop();
    },
    notes: () => (note === null ? [] : [note]),
  };
}
