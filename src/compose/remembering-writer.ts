import type { Operation, Writer } from '../store/step.js';

/**
 * A writer that leaves out of its steps the policy sets that it has committed already: nothing removes them, every
 * request names one, and their texts are longer than all the rest of it.
 */
export function rememberingWriter(writer: Writer): Writer {
  const committed = new Set<string>();
  const isNews = (operation: Operation) => operation.op !== 'rememberPolicySet' || !committed.has(operation.digest);
  return {
    async commit({ operations, events }) {
      const news = operations.filter(isNews);
      const result = await writer.commit({ operations: news, events });
      if (result.committed)
        for (const operation of news) if (operation.op === 'rememberPolicySet') committed.add(operation.digest);
      return result;
    },
  };
}
