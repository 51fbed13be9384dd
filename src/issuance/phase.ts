import type { IssuancePhase } from '../model/measures.js';
import type { IssuanceContext } from './context.js';

/** Does a phase of an issuance. It is timed, and has its own span in the trace that is under way. */
export const phase = <T>(
  { measures, tracing }: Pick<IssuanceContext, 'measures' | 'tracing'>,
  name: IssuancePhase,
  cluster: string,
  work: () => Promise<T>,
): Promise<T> => measures.during(name, cluster, () => tracing.span(name, work));
