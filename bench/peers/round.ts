import { median } from '../measure.js';
import type { ThreadTime } from '../process-figures.js';

/** The result of one round of one contender. */
export interface Round {
  readonly perSecond: number;
  readonly answered: number;
  /** Milliseconds of processor time for each certificate, of all threads; null if it is not measured. */
  readonly cpu: { readonly service: number; readonly database: number } | null;
  /** The same milliseconds by thread, of the service's process. */
  readonly threads: readonly (ThreadTime & { readonly name: string })[];
}

/** The milliseconds of a thread for a certificate; 0 if there is no such thread. */
export const timeOf = (rounds: readonly Round[], name: string, time: keyof ThreadTime = 'busy'): number =>
  median(rounds.map(({ threads }) => threads.find((thread) => thread.name === name)?.[time] ?? 0));
