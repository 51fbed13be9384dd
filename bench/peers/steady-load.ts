import { latenciesAt } from '../load/load.js';
import { monotonicMilliseconds, type Period } from '../turns/recorded-turns.js';
import { loadOf, type SigningJob } from './contender.js';
import type { Kubepass } from './kubepass.js';

export interface SteadyExtent {
  readonly warmUpSeconds: number;
  /** Longer than the minute between two checkpoints of the audit log, so that one is signed meanwhile. */
  readonly steadySeconds: number;
}

export interface SteadyLoad {
  /** Every request counts from the moment when it was due. */
  readonly milliseconds: readonly number[];
  readonly period: Period;
  /** The conditions in words: the rate, the time, and whether a checkpoint was signed meanwhile. */
  readonly at: string;
}

/**
 * Lets requests for certificates arrive at a fixed rate. The service signs a checkpoint each minute from its start on,
 * so a longer period has one in it; the checkpoint before and behind it says whether that is so.
 */
export async function steadyLoad(
  { service, ...contender }: Kubepass,
  job: SigningJob,
  perSecond: number,
  { warmUpSeconds, steadySeconds }: SteadyExtent,
): Promise<SteadyLoad> {
  // The service may be asked for the same CSR again.
  const load = loadOf(contender, job, job.csrs.length);
  const note = () => service.api.expect(200, 'GET', checkpoint, undefined, { accept: 'text/plain' });
  const signedEvents = async () => Number((await note()).split('\n')[1]);
  await latenciesAt({ ...load, perSecond, seconds: warmUpSeconds });
  const signedBefore = await signedEvents();
  const began = monotonicMilliseconds();
  const milliseconds = await latenciesAt({ ...load, perSecond, seconds: steadySeconds });
  const ended = monotonicMilliseconds();
  const signing = (await signedEvents()) > signedBefore ? 'a signing inside' : 'NO signing inside';
  return { milliseconds, period: { began, ended }, at: `${perSecond}/s for ${steadySeconds} s, ${signing}` };
}

const checkpoint = '/v1/audit-events/checkpoint';
