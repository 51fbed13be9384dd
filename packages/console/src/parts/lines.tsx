import { useSignal } from '@preact/signals';
import { announce } from './announce.js';

/** Lines to be taken elsewhere as they are. `label` names them for the button that copies them. */
export function Lines({ label, text }: { readonly label: string; readonly text: string }) {
  const copied = useSignal(false);
  const copy = async () => {
    copied.value = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    announce(`${label}: ${copied.value ? 'copied.' : 'this browser does not copy here, so select the text.'}`);
  };
  return (
    <div class="lines">
      <pre>{text}</pre>
      <button aria-label={`Copy: ${label}`} onClick={() => void copy()}>
        {copied.value ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}
