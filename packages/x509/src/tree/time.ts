import { DerError, type DerElement, Tag } from '../strict/der.js';

/** A UTCTime or GeneralizedTime. */
export interface Time {
  readonly element: DerElement;
  /** The content octets, one character an octet. */
  readonly text: string;
  /** Since the epoch; null where the octets are no time. */
  readonly milliseconds: number | null;
}

const utcTime = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})?$/;
const generalizedTime = /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2}))?)?(?:[.,](\d+))?(Z|[+-]\d{4})?$/;

/** Reads a Time in any form (X.680 46, 47). Throws `DerError` for an element that is of neither type. */
export function readAnyTime(element: DerElement, what: string): Time {
  if (element.tag !== Tag.UTC_TIME && element.tag !== Tag.GENERALIZED_TIME)
    throw new DerError(`${what} is neither a UTCTime nor a GeneralizedTime`, element.offset);
  return timeOf(element, element.tag === Tag.UTC_TIME ? parseUtcTime : parseGeneralizedTime);
}

/** Reads a GeneralizedTime, whatever its tag. */
export const readGeneralizedTime = (element: DerElement): Time => timeOf(element, parseGeneralizedTime);

function timeOf(element: DerElement, parse: (text: string) => number | null): Time {
  const text = element.content.toString('latin1');
  return { element, text, milliseconds: parse(text) };
}

function parseUtcTime(text: string): number | null {
  const match = utcTime.exec(text);
  if (match === null) return null;
  const [, year = '', month, day, hour, minute, second, offset] = match;
  // RFC 5280 4.1.2.5.1: years from 50 on belong to the twentieth century.
  const century = Number(year) < 50 ? 2000 : 1900;
  return instantOf([century + Number(year), month, day, hour, minute, second ?? 0].map(Number), '', offset);
}

function parseGeneralizedTime(text: string): number | null {
  const match = generalizedTime.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', offset] = match;
  return instantOf([year, month, day, hour, minute ?? 0, second ?? 0].map(Number), fraction, offset);
}

/** Null for a day or a time of day that does not exist. A time without an offset is UTC. */
function instantOf(fields: readonly number[], fraction: string, offset = 'Z'): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hour, minute, second, Math.floor(Number(`0.${fraction.slice(0, 15) || '0'}`) * 1000));
  if (offset !== 'Z') {
    const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(3))];
    if (hours > 23 || minutes > 59) return null;
    date.setTime(date.getTime() + (hours * 60 + minutes) * 60_000 * (offset.startsWith('-') ? 1 : -1));
  }
  const shifted = date.getUTCFullYear();
  return shifted >= 0 && shifted <= 9999 ? date.getTime() : null;
}
