import { useEffect, useRef } from 'preact/hooks';

const setting = 'kubepass-keys';
/** Single keys may be switched off (WCAG 2.1.4). The choice is this browser's own. */
export const keysAreOn = (): boolean => localStorage.getItem(setting) !== 'off';
export const switchKeys = (on: boolean): void =>
  on ? localStorage.removeItem(setting) : localStorage.setItem(setting, 'off');

type Keys = Readonly<Record<string, () => void>>;

/** Whether a key that is pressed there writes something, or belongs to a dialog. */
const isTaken = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input, textarea, select, [contenteditable], dialog') !== null;

/** The first key of a pair such as `g r`, for a second and a half. */
let first = '';
let firstAt = 0;

/**
 * Acts on single keys, or pairs such as `g r`, while nothing is being written. A key that was taken is not taken twice.
 */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { key } = event;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTaken(event.target) || !keysAreOn()) return;
      const pair = performance.now() - firstAt < 1500 ? `${first} ${key}` : key;
      const act = current.current[pair] ?? (pair === key ? undefined : current.current[key]);
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}

/** Remembers `g`, after which a second key names a page. */
export function rememberFirst(key: string): void {
  first = key;
  firstAt = performance.now();
}
