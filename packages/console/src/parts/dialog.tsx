import type { RenderableProps } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useAct } from './trouble.js';

type DialogParts = RenderableProps<{ readonly title: string; readonly onClose?: () => void }>;

/** A dialog over the page. Esc closes it, and the focus goes back to where it was. Without `onClose` it stays. */
export function Dialog({ title, onClose, children }: DialogParts) {
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

type ActDialogParts = RenderableProps<{
  readonly title: string;
  /** The words on the button that acts. */
  readonly button: string;
  readonly isDangerous?: boolean;
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
}>;

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
          Go back
        </button>
      </p>
    </Dialog>
  );
}
