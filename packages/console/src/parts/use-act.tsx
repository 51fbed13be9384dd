import { useSignal } from '@preact/signals';
import { problemFrom } from '../service/client.js';
import type { ProblemError } from '../service/problem.js';
import { sessionEnded } from '../service/session-end.js';
import { Trouble } from './trouble.js';

/** Runs what a button does: whether it is under way, and why it failed, to be shown in its place. */
export function useAct() {
  const isBusy = useSignal(false);
  const error = useSignal<ProblemError | null>(null);
  const run = async (act: () => Promise<unknown>): Promise<boolean> => {
    isBusy.value = true;
    const found = await problemFrom(act);
    // A dialog over the page says that a session has ended.
    error.value = sessionEnded.value ? null : found;
    isBusy.value = false;
    return found === null;
  };
  const forget = () => (error.value = null);
  return { isBusy: isBusy.value, run, trouble: error.value && <Trouble error={error.value} />, forget };
}
