import { Type } from 'typebox';
import { textOf } from '../schemas/schema-parts.js';

/** The `Prefer` header of a request (RFC 7240), of which only `wait` counts. */
export const preferHeader = {
  Prefer: Type.Optional(
    textOf(
      '`wait=N` waits up to N seconds, at most 30, for the certificate (RFC 7240). Other preferences are ignored.',
      'wait=10',
      { maxLength: 8192 },
    ),
  ),
};

/** How long a caller may have the service wait, in seconds. */
const longestWaitSeconds = 30;

/**
 * The seconds of `Prefer: wait=N` (RFC 7240 4.3), at most 30; null without one that can be read. Only the first of
 * several counts, and the others are ignored (section 2).
 */
export function preferredWait(prefer: string | undefined): number | null {
  if (prefer === undefined) return null;
  for (const preference of prefer.split(',')) {
    const [token = ''] = preference.split(';');
    const matched = /^\s*wait\s*=\s*(?:"(\d{1,9})"|(\d{1,9}))\s*$/i.exec(token);
    if (matched) return Math.min(Number(matched[1] ?? matched[2]), longestWaitSeconds);
  }
  return null;
}
