import { DerError, Tag, type DerElement, type DerReader } from '../strict/der.js';
import { octets } from './octets.js';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 5280 4.1.2.5: UTCTime or GeneralizedTime. */
export const readTime = (reader: DerReader): DerElement =>
  reader.peekTag() === Tag.GENERALIZED_TIME
    ? readGeneralizedTime(reader)
    : longEnough(reader.expect(Tag.UTC_TIME, 'a time'), 'YYMMDDhhmmssZ');

export const readGeneralizedTime = (reader: DerReader, tag: number = Tag.GENERALIZED_TIME): DerElement =>
  longEnough(reader.expect(tag, 'a time'), 'YYYYMMDDhhmmssZ');

/** Anything shorter is not a time that is wrong but no time at all. */
function longEnough(element: DerElement, form: string): DerElement {
  if (element.content.length < form.length) throw new DerError(`a time is shorter than ${form}`, element.offset);
  return element;
}

/** `Nov 25 00:23:45 2026 GMT`, or `Bad time value` where the octets are no time. */
export const timeText = (element: DerElement): string =>
  element.tag === Tag.UTC_TIME ? utcTimeText(element.content) : generalizedTimeText(element.content);

// X.680 47 with what OpenSSL tolerates: seconds may be missing where an offset follows, the offset need not be Z.
const utcTime = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})$/;
const generalizedTime = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{4})$/;

function utcTimeText(content: Uint8Array): string {
  const match = utcTime.exec(octets(content));
  if (match === null) return 'Bad time value';
  const [, year = '', month, day, hour, minute, second, offset] = match;
  // RFC 5280 4.1.2.5.1: years from 50 on belong to the twentieth century.
  const century = Number(year) < 50 ? 2000 : 1900;
  return dateText([century + Number(year), month, day, hour, minute, second ?? 0].map(Number), offset, undefined);
}

export function generalizedTimeText(content: Uint8Array): string {
  const match = generalizedTime.exec(octets(content));
  if (match === null) return 'Bad time value';
  const [, year, month, day, hour, minute, second, fraction, offset] = match;
  return dateText([year, month, day, hour, minute, second ?? 0].map(Number), offset, fraction);
}

function dateText(fields: readonly number[], offset = 'Z', fraction: string | undefined): string {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (month < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return 'Bad time value';
  if (hour > 23 || minute > 59 || second > 59) return 'Bad time value';
  date.setUTCHours(hour, minute, second);
  if (offset !== 'Z') {
    const hours = Number(offset.slice(1, 3));
    const minutes = Number(offset.slice(3));
    if (hours > 12 || minutes > 59) return 'Bad time value';
    const shift = (hours * 60 + minutes) * (offset.startsWith('-') ? 1 : -1);
    date.setUTCMinutes(date.getUTCMinutes() + shift);
    if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return 'Bad time value';
  }
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return (
    `${months[date.getUTCMonth()] ?? ''} ${String(date.getUTCDate()).padStart(2)} ` +
    `${clock}${fraction === undefined ? '' : `.${fraction}`} ${date.getUTCFullYear()} GMT`
  );
}
