import { signal } from '@preact/signals';

/** Whether the service has said that this browser's session is no more. */
export const sessionEnded = signal(false);
