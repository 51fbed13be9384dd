import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { problemFrom } from '../service/client.js';
import type { ProblemError } from '../service/problem.js';
import { sessionEnded } from '../service/session-end.js';
import { sentence } from './words.js';

/**
 * The problem in the words of the service, and what to tell whoever looks after it. `again`: a read, which is tried
 * again when the service asks for that, with the seconds counted down.
 */
export function Trouble({ error, again }: { readonly error: ProblemError; readonly again?: () => void }) {
  const { title, detail, requestId, violations = [], errors = [], status } = error.problem;
  // The dialog over the page says it.
  if (status === 401 && sessionEnded.value) return null;
  const more = [...violations.map(({ message }) => ({ pointer: '', message: sentence(message) })), ...errors];
  return (
    <div class="trouble">
      <div role="alert">
        <p>
          <bdi>{sentence(errors.length > 0 ? title : detail)}</bdi>{' '}
          {requestId !== '' && (
            <span class="muted">
              Request id <code>{requestId}</code>
            </span>
          )}
        </p>
        {more.length > 0 && (
          <ul>
            {more.map(({ pointer, message }) => (
              <li key={pointer + message}>
                {pointer && <code>{pointer}</code>} <bdi>{message}</bdi>
              </li>
            ))}
          </ul>
        )}
      </div>
      {again && <Again key={error} seconds={error.retryAfterSeconds} again={again} />}
    </div>
  );
}

function Again({ seconds, again }: { readonly seconds: number | null; readonly again: () => void }) {
  const left = useSignal(seconds);
  useEffect(() => {
    if (seconds === null) return;
    const timer = setInterval(() => {
      left.value = Math.max(0, (left.value ?? 0) - 1);
      if (left.value > 0) return;
      clearInterval(timer);
      again();
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="quiet">
      {left.value !== null && `Trying again in ${left.value} s. `}
      <button onClick={again}>Try again</button>
    </p>
  );
}

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
  const trouble = error.value && <Trouble error={error.value} />;
  return { isBusy: isBusy.value, run, error: error.value, trouble, forget };
}
