import { useEffect, useRef } from 'preact/hooks';

const setting = 'kubepass-keys';
/** Single keys may be switched off (WCAG 2.1.4). The choice is this browser's own. */
export const keysAreOn = (): boolean => localStorage.getItem(setting) !== 'off';
export const switchKeys = (on: boolean): void =>
  on ? localStorage.removeItem(setting) : localStorage.setItem(setting, 'off');

/** Acts by the names of keys in `KeyboardEvent.key`; a pair of keys is `g r`. */
type Keys = Readonly<Record<string, () => void>>;

/** All that is listened for now; what was mounted last comes first. */
const listening: { current: Keys }[] = [];

/** The first key of a pair, for a second and a half. */
let first = { key: '', at: -Infinity };

/** Whether a key that is pressed there writes something, or belongs to a dialog. */
export const isTaken = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input, textarea, select, [contenteditable], dialog') !== null;

const actOf = (keys: string): (() => void) | undefined =>
  listening.map(({ current }) => current[keys]).find((act) => act !== undefined);

addEventListener('keydown', (event) => {
  const { key, target, timeStamp } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTaken(target) || !keysAreOn())
    return;
  const isSecond = timeStamp - first.at < 1500;
  const act = actOf(isSecond ? `${first.key} ${key}` : key);
  const beginsPair =
    !isSecond && listening.some(({ current }) => Object.keys(current).some((keys) => keys.startsWith(`${key} `)));
  first = { key, at: beginsPair ? timeStamp : -Infinity };
  if (act === undefined) return;
  event.preventDefault();
  act();
});

/** Acts on single keys, or pairs such as `g r`, while nothing is being written. Each key is taken once. */
export function useKeys(keys: Keys): void {
  const own = useRef(keys);
  own.current = keys;
  useEffect(() => {
    listening.unshift(own);
    return () => void listening.splice(listening.indexOf(own), 1);
  }, []);
}

/** The key that does the same as the button it stands in; nothing where single keys are off. Not a part of its name. */
export const Key = ({ name }: { readonly name: string }) => (keysAreOn() ? <kbd aria-hidden="true">{name}</kbd> : null);

/** `j` and `k` move the focus through the links of a list. `links` selects them within the element. */
export function useSteps(list: { readonly current: HTMLElement | null }, links: string): void {
  const step = (by: 1 | -1) => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>(links) ?? [])];
    const place = all.findIndex((link) => link === document.activeElement);
    all[place < 0 ? 0 : Math.max(0, Math.min(all.length - 1, place + by))]?.focus();
  };
  useKeys({ j: () => step(1), k: () => step(-1) });
}
