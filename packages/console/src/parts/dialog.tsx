import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { problemFrom } from '../service/client.js';
import type { ProblemError } from '../service/problem.js';
import { Trouble } from './trouble.js';

/** A dialog over the page. Esc closes it, and the focus goes back to where it was. Without `onClose` it stays. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose?: () => void;
  readonly children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOver = useRef(false);
  const id = useId();
  useEffect(() => {
    dialog.current?.showModal();
    return () => {
      isOver.current = true;
      dialog.current?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        onClose?.();
      }}
      onCancel={(event) => event.preventDefault()}
      // A browser may close it all the same, such as by the back gesture of a phone.
      onClose={() => !isOver.current && (onClose ? onClose() : dialog.current?.showModal())}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

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
