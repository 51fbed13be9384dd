import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

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

/** Announces what `say` finds between what was shown and what is shown now; undefined: nothing worth it. */
export function useAnnounced<T>(shown: T | undefined, say: (before: T, after: T) => string | undefined): void {
  const before = useRef<T | undefined>(undefined);
  useEffect(() => {
    const old = before.current;
    before.current = shown;
    const text = old !== undefined && shown !== undefined ? say(old, shown) : undefined;
    if (text !== undefined) announce(text);
  }, [shown]);
}
