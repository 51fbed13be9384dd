import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { exactly } from '../parts/words.js';

/** The address and the time, which stand on paper alone. While somebody prints, folded parts are open. */
export function Printed() {
  const at = useSignal(Date.now());
  useEffect(() => {
    let unfolded: HTMLDetailsElement[] = [];
    const begin = () => {
      at.value = Date.now();
      unfolded.push(...document.querySelectorAll<HTMLDetailsElement>('details:not([open])'));
      for (const details of unfolded) details.open = true;
    };
    const end = () => {
      for (const details of unfolded) details.open = false;
      unfolded = [];
    };
    const paper = matchMedia('print');
    const onChange = () => (paper.matches ? begin() : end());
    // Some browsers tell of the one, some of the other.
    addEventListener('beforeprint', begin);
    addEventListener('afterprint', end);
    paper.addEventListener('change', onChange);
    return () => {
      removeEventListener('beforeprint', begin);
      removeEventListener('afterprint', end);
      paper.removeEventListener('change', onChange);
    };
  }, []);
  return (
    <p class="printed">
      {location.href} · {exactly(at.value)}
    </p>
  );
}
