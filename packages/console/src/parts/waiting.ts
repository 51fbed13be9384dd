import { signal } from '@preact/signals';

/** The number of requests that wait for the caller, as the title shows it: empty for none, `100+` beyond a page. */
export const waitingCount = signal('');
