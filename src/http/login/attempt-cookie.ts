import type { LoginAttempt } from '../../model/login.js';

/** The value of the cookie of an attempt: it is the browser's own, and nobody else can use it. */
export const writeAttempt = ({ issuer, state, nonce, codeVerifier, returnTo }: LoginAttempt): string =>
  Buffer.from(JSON.stringify([issuer, state, nonce, codeVerifier, returnTo]), 'utf8').toString('base64url');

const longestValue = 4_096;

/** The attempt in a cookie; null where there is none, or one that kubepass would not have set. */
export function readAttempt(value: string | undefined): LoginAttempt | null {
  if (value === undefined || value.length > longestValue) return null;
  const parts = partsIn(value);
  if (!Array.isArray(parts) || parts.length !== 5 || !parts.every((part) => typeof part === 'string')) return null;
  const [issuer = '', state = '', nonce = '', codeVerifier = '', returnTo = ''] = parts;
  if (![state, nonce, codeVerifier].every((secret) => /^[A-Za-z0-9_-]{43}$/.test(secret))) return null;
  return isReturnTo(returnTo) ? { issuer, state, nonce, codeVerifier, returnTo } : null;
}

function partsIn(value: string): unknown {
  try {
    return JSON.parse(Buffer.from(value, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

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
