import { useKeys } from './use-keys.js';

/** `j` and `k` move the focus through the links of a list. `links` selects them within the element. */
export function useSteps(list: { readonly current: HTMLElement | null }, links: string): void {
  const step = (by: 1 | -1) => {
    const all = [...(list.current?.querySelectorAll<HTMLElement>(links) ?? [])];
    const place = all.findIndex((link) => link === document.activeElement);
    all[place < 0 ? 0 : Math.max(0, Math.min(all.length - 1, place + by))]?.focus();
  };
  useKeys({ j: () => step(1), k: () => step(-1) });
}
