export const schemes = ['system', 'light', 'dark'] as const;
export type Scheme = (typeof schemes)[number];

/** As `src/scheme.ts` has it, which runs before everything else. */
const setting = 'kubepass-scheme';

/** Light or dark, as the reader has chosen in this browser; `system` where they have not. */
export const chosenScheme = (): Scheme => schemes.find((one) => one === localStorage.getItem(setting)) ?? 'system';

export function chooseScheme(scheme: Scheme): void {
  if (scheme === 'system') localStorage.removeItem(setting);
  else localStorage.setItem(setting, scheme);
  document.documentElement.dataset['scheme'] = scheme;
}
