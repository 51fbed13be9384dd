import type { LoginAttempt } from '../../model/login.js';
import { isReturnTo } from './return-to.js';

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
