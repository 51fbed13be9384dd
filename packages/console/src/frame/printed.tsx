import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { onPaper } from '../parts/paper.js';
import { exactly } from '../parts/words.js';

/** The address and the time, which stand on paper alone. While somebody prints, folded parts are open. */
export function Printed() {
  const at = useSignal(Date.now());
  useEffect(
    () =>
      onPaper.subscribe((isPrinted) => {
        at.value = Date.now();
        const folded = isPrinted ? 'details:not([open])' : 'details[data-unfolded]';
        for (const details of document.querySelectorAll<HTMLDetailsElement>(folded)) {
          details.open = isPrinted;
          details.toggleAttribute('data-unfolded', isPrinted);
        }
      }),
    [],
  );
  return (
    <p class="printed">
      {location.href} · {exactly(at.value)}
    </p>
  );
}
