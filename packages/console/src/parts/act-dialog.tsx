import type { ComponentChildren } from 'preact';
import { Dialog } from './dialog.js';
import { useAct } from './use-act.js';

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
  const { isBusy, run, trouble } = useAct();
  const send = async () => {
    if (await run(act)) onClose();
  };
  const tone = isDangerous ? 'danger solid' : 'primary';
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {trouble}
      <p class="buttons">
        <button type="button" class={tone} disabled={isBusy} onClick={() => void send()}>
          {button}
        </button>
        <button type="button" onClick={onClose}>
          Leave it as it is
        </button>
      </p>
    </Dialog>
  );
}
