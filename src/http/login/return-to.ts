export const longestReturnTo = 512;
export const defaultReturnTo = '/docs';

/** Printable ASCII without a space, from one slash on. Browsers take `\` for `/`, and leave out controls. */
const grammar = /^\/[!-~]*$/;

/**
 * Whether a browser that is sent there stays with this service: an absolute path without an authority (RFC 3986 section
 * 4.2). `//host` and `/\host` lead to others.
 */
export function isReturnTo(text: string): boolean {
  if (text.length > longestReturnTo || !grammar.test(text) || text.includes('//') || text.includes('\\')) return false;
  const here = 'https://kubepass.invalid';
  return URL.canParse(text, here) && new URL(text, here).origin === here;
}
