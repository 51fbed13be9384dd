import { signal } from '@preact/signals';
import { useLocation } from 'preact-iso/router';
import { useEffect } from 'preact/hooks';
import { hasMoved } from '../parts/page.js';
import { isTaken, useKeys } from '../parts/keys.js';
import { GoTo } from './go-to.js';
import { Help } from './help.js';
import { offered } from './places.js';

/** The dialog of the frame that is open. */
export const open = signal<'help' | 'go-to' | null>(null);
const close = (): void => void (open.value = null);

/** The keys that act on every page. */
export function Shortcuts() {
  const { path, route } = useLocation();
  // One step back from a page below another one, and never out of the console.
  const parent = /^(\/console\/[^/]+)\/[^/]+$/.exec(path)?.[1];
  useKeys({
    '?': () => (open.value = 'help'),
    ...(parent !== undefined && { Escape: () => (hasMoved() ? history.back() : route(parent)) }),
    ...Object.fromEntries(offered().flatMap(({ key, path: to }) => (key ? [[`g ${key}`, () => route(to)]] : []))),
  });
  useEffect(() => {
    // It takes two keys at once, so it acts also where single keys are switched off.
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || isTaken(event.target)) return;
      event.preventDefault();
      open.value = 'go-to';
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
  useEffect(close, [path]);
  if (open.value === null) return null;
  return open.value === 'help' ? <Help onClose={close} /> : <GoTo onClose={close} />;
}
