import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { problemFrom } from '../service/client.js';
import type { ProblemError } from '../service/problem.js';
import { Dialog } from './dialog.js';
import { Trouble } from './trouble.js';

interface ActDialogParts {
  readonly title: string;
  /** The words on the button that acts. */
  readonly button: string;
  readonly isDangerous?: boolean;
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A dialog that says what an act does, and acts. It closes once that has succeeded; else it says why not. */
export function ActDialog({ title, button, isDangerous = false, act, onClose, children }: ActDialogParts) {
  const trouble = useSignal<ProblemError | null>(null);
  const isBusy = useSignal(false);
  const run = async () => {
    isBusy.value = true;
    trouble.value = await problemFrom(act);
    isBusy.value = false;
    if (trouble.value === null) onClose();
  };
  const tone = isDangerous ? 'danger solid' : 'primary';
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {trouble.value && <Trouble error={trouble.value} />}
      <p class="buttons">
        <button type="button" class={tone} disabled={isBusy.value} onClick={() => void run()}>
          {button}
        </button>
        <button type="button" onClick={onClose}>
          Leave it as it is
        </button>
      </p>
    </Dialog>
  );
}
