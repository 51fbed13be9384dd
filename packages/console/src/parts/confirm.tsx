import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { problemFrom } from '../service/client.js';
import type { ProblemError } from '../service/problem.js';
import { announce } from './announce.js';
import { Dialog } from './dialog.js';
import { Trouble } from './trouble.js';

/**
 * A dialog that says what will happen, with a button that says it again. `done`: said once it has happened; left out:
 * `act` says it.
 */
export function Confirm({
  title,
  button,
  done = '',
  isHarmless = false,
  act,
  onClose,
  children,
}: {
  readonly title: string;
  readonly button: string;
  readonly done?: string;
  readonly isHarmless?: boolean;
  readonly act: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}) {
  const error = useSignal<ProblemError | null>(null);
  const busy = useSignal(false);
  const go = async () => {
    busy.value = true;
    error.value = await problemFrom(act);
    busy.value = false;
    if (error.value !== null) return;
    if (done !== '') announce(done);
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {error.value && <Trouble error={error.value} />}
      <p class="buttons">
        <button
          type="button"
          class={isHarmless ? 'primary' : 'danger solid'}
          disabled={busy.value}
          onClick={() => void go()}
        >
          {button}
        </button>
        <button type="button" onClick={onClose}>
          Back
        </button>
      </p>
    </Dialog>
  );
}
