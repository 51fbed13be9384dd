import { DerError, Tag } from '../strict/der.js';
import type { Time } from '../tree/time.js';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// X.680 46, 47 as far as OpenSSL goes: seconds may be missing, the offset may not.
const utcForm = /^\d{10}(?:\d{2})?(Z|[+-]\d{4})$/;
const generalizedForm = /^\d{12}(?:\d{2}(?:\.(?<fraction>\d+))?)?(?<offset>Z|[+-]\d{4})$/;

/**
 * `Nov 25 00:23:45 2026 GMT`, or `Bad time value` where the octets are no time.
 *
 * @throws DerError when the octets are so few that OpenSSL takes them for no time at all.
 */
export function timeText({ element, text, milliseconds }: Time): string {
  const isUtc = element.tag === Tag.UTC_TIME;
  const form = isUtc ? 'YYMMDDhhmmssZ' : 'YYYYMMDDhhmmssZ';
  if (text.length < form.length) throw new DerError(`a time is shorter than ${form}`, element.offset);
  const match = (isUtc ? utcForm : generalizedForm).exec(text);
  const offset = match?.groups?.['offset'] ?? match?.[1] ?? 'Z';
  if (match === null || milliseconds === null || Number(offset.slice(1, 3)) > 12) return 'Bad time value';
  return instantText(milliseconds, match.groups?.['fraction']);
}

/** `fraction`: the digits of a second's fraction as they are printed. */
export function instantText(milliseconds: number, fraction: string | undefined): string {
  const date = new Date(milliseconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return (
    `${months[date.getUTCMonth()] ?? ''} ${String(date.getUTCDate()).padStart(2)} ` +
    `${clock}${fraction === undefined ? '' : `.${fraction}`} ${date.getUTCFullYear()} GMT`
  );
}
