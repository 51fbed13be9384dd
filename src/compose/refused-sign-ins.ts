import { RefusedSignIns } from '../identity/callers/callers.js';
import type { Log } from '../context/context.js';
import { auditEvent } from '../model/audit-event.js';
import type { Writer } from '../store/steps/step.js';

/** Begins to count what is refused, and to record it in the audit log. */
export function openRefusedSignIns(writer: Writer, clock: () => Date, log: Log): RefusedSignIns {
  const refusals = new RefusedSignIns(
    async (count) => {
      const { committed } = await writer.commit({
        operations: [],
        events: [auditEvent('SignInRefused', clock(), null, { ...count })],
      });
      if (!committed) throw new Error('the writer did not take the event');
    },
    (error) => {
      log.error({ err: error }, 'refused sign-ins could not be recorded: they are kept, and counted on');
    },
  );
  refusals.start();
  return refusals;
}
