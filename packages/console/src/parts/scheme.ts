const setting = 'kubepass-scheme';
export const schemes = ['system', 'light', 'dark'] as const;
type Scheme = (typeof schemes)[number];

/** The colours that this browser was told to have; by default those of its system. */
export const chosenScheme = (): Scheme => schemes.find((one) => one === localStorage.getItem(setting)) ?? 'system';

/** Remembers the choice, and shows it. */
export function chooseScheme(scheme: Scheme): void {
  if (scheme === 'system') localStorage.removeItem(setting);
  else localStorage.setItem(setting, scheme);
  showScheme();
}

/** Gives the document the colours that were chosen. */
export function showScheme(): void {
  const scheme = chosenScheme();
  if (scheme === 'system') delete document.documentElement.dataset['scheme'];
  else document.documentElement.dataset['scheme'] = scheme;
}
