import type { Operation, Step, Writer } from './step.js';

/**
 * A writer that calls `tell` with whatever `find` finds among the operations of a step, in order, when the step is committed
 * and before that is answered. A step in which nothing is found costs one look at its operations.
 */
export function afterCommit<Found>(
  writer: Writer,
  find: (operation: Operation) => Found | null,
  tell: (found: readonly Found[]) => Promise<void> | void,
): Writer {
  const commitAndTell = async (step: Step, found: readonly Found[]) => {
    const result = await writer.commit(step);
    if (result.committed) await tell(found);
    return result;
  };
  return {
    commit(step) {
      const found = step.operations.map(find).filter((one) => one !== null);
      return found.length === 0 ? writer.commit(step) : commitAndTell(step, found);
    },
  };
}
