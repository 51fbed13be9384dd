/** How long a caller may have the service wait, in seconds. */
export const longestWaitSeconds = 30;

/** A longer header is passed over, as what cannot be read is: a preference never makes a request fail. */
const longestHeader = 1024;

/**
 * The seconds of `Prefer: wait=N` (RFC 7240 4.3), at most 30; null where the caller does not say. Of several only
 * the first counts (section 2), and what cannot be read is passed over, as preferences are.
 */
export function preferredWait(prefer: string | undefined): number | null {
  if (prefer === undefined || prefer.length > longestHeader) return null;
  for (const preference of prefer.split(',')) {
    const [token = ''] = preference.split(';');
    const matched = /^\s*wait\s*=\s*(?:"(\d{1,9})"|(\d{1,9}))\s*$/i.exec(token);
    if (matched) return Math.min(Number(matched[1] ?? matched[2]), longestWaitSeconds);
  }
  return null;
}
