import { signal } from '@preact/signals';

const said = signal('');

/** Says something to whoever does not see that the page has changed. */
export function announce(text: string): void {
  // The same text twice is two changes.
  said.value = said.value === text ? `${text}\u00a0` : text;
}

export const Announcements = () => (
  <p class="hidden" role="status" aria-live="polite">
    {said}
  </p>
);
