import { signal } from '@preact/signals';

/** Whether the page is being printed: then all that is folded is open, and a button is a text. */
export const onPaper = signal(false);

// Some browsers tell of the one, some of the other.
const paper = matchMedia('print');
addEventListener('beforeprint', () => (onPaper.value = true));
addEventListener('afterprint', () => (onPaper.value = false));
paper.addEventListener('change', () => (onPaper.value = paper.matches));
