import { DerError, type DerElement, Tag } from '../../x509/strict/der.js';
import { quote } from '../../model/quote.js';
import type { Report } from '../observations.js';

/** A point in time as it was read. */
export interface ReadTime {
  /** The epoch where the octets are no time: nothing that ends then is taken for valid. */
  readonly instant: Date;
  /** RFC 3339, UTC. */
  readonly text: string;
}

const utcTime = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{4})?$/;
const generalizedTime = /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2}))?)?(?:[.,](\d+))?(Z|[+-]\d{4})?$/;

/**
 * Reads a Time in whatever form it stands, and reports one that RFC 5280 4.1.2.5 does not allow. Throws `DerError`
 * for an element that is neither a UTCTime nor a GeneralizedTime.
 */
export function readTime(element: DerElement, what: string, report: Report): ReadTime {
  const { tag, content } = element;
  const text = content.toString('latin1');
  if (tag !== Tag.UTC_TIME && tag !== Tag.GENERALIZED_TIME)
    throw new DerError(`${what} is neither a UTCTime nor a GeneralizedTime`, element.offset);
  const time = tag === Tag.UTC_TIME ? parseUtcTime(text) : parseGeneralizedTime(text);
  if (time === null) {
    report('ValidityEncodedWrong', `${what} is no time that can be read: ${quote(text.slice(0, 100))}`);
    return EPOCH;
  }
  const wrong = whyWrong(tag, text, time);
  if (wrong !== null) report('ValidityEncodedWrong', `${what} ${wrong}: ${quote(text.slice(0, 100))}`);
  return toReadTime(time);
}

/** Reads a GeneralizedTime outside of a Validity, whatever its tag; null where it is none. */
export function readGeneralizedTime({ content }: DerElement): ReadTime | null {
  const time = parseGeneralizedTime(content.toString('latin1'));
  return time === null ? null : toReadTime(time);
}

const EPOCH: ReadTime = { instant: new Date(0), text: '1970-01-01T00:00:00Z' };

const toReadTime = (milliseconds: number): ReadTime => {
  const instant = new Date(milliseconds);
  const text = instant.toISOString();
  return { instant, text: milliseconds % 1000 === 0 ? `${text.slice(0, 19)}Z` : text };
};

function whyWrong(tag: number, text: string, time: number): string | null {
  if (tag === Tag.GENERALIZED_TIME) {
    if (!/^\d{14}Z$/.test(text)) return 'is a GeneralizedTime not of the form YYYYMMDDHHMMSSZ';
    // RFC 5280 4.1.2.5: UTCTime through the year 2049.
    return time < FIRST_OF_2050 && time >= FIRST_OF_1950 ? 'is a GeneralizedTime before the year 2050' : null;
  }
  return /^\d{12}Z$/.test(text) ? null : 'is a UTCTime not of the form YYMMDDHHMMSSZ';
}

const FIRST_OF_1950 = Date.UTC(1950, 0);
const FIRST_OF_2050 = Date.UTC(2050, 0);

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

/** Null for a day or time of day that there is not. A time without an offset is taken for UTC. */
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
