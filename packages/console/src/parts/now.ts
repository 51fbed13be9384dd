import { signal } from '@preact/signals';

/** The time in milliseconds, moved on every half minute, so that ages on an open page stay true. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 30_000);
