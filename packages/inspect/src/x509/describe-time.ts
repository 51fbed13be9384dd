import { quote } from '../formats/text/quote.js';
import { DerError, Tag } from '@kubepass/x509';
import type { Time } from '@kubepass/x509/tree';
import type { Report } from '../model/observations.js';

/** A point in time. */
export interface DescribedTime {
  /** The epoch where the octets are no time, so that nothing that ends then is valid. */
  readonly instant: Date;
  /** RFC 3339, UTC. */
  readonly text: string;
}

/** Describes a time, and reports one that RFC 5280 4.1.2.5 does not allow. */
export function describeTime(
  { element: { tag }, text, milliseconds }: Time,
  what: string,
  report: Report,
): DescribedTime {
  if (milliseconds === null) {
    report('ValidityEncodedWrong', `${what} is no time that can be read: ${quote(text.slice(0, 100))}`);
    return described(0);
  }
  const wrong = whyWrong(tag, text, milliseconds);
  if (wrong !== null) report('ValidityEncodedWrong', `${what} ${wrong}: ${quote(text.slice(0, 100))}`);
  return described(milliseconds);
}

/** A time outside of a validity, as RFC 3339 has it. Throws `DerError` where the octets are no time. */
export function timeContent({ element, milliseconds }: Time): string {
  if (milliseconds === null) throw new DerError('a time cannot be read', element.offset);
  return described(milliseconds).text;
}

function described(milliseconds: number): DescribedTime {
  const instant = new Date(milliseconds);
  const text = instant.toISOString();
  return { instant, text: milliseconds % 1000 === 0 ? `${text.slice(0, 19)}Z` : text };
}

const FIRST_OF_1950 = Date.UTC(1950, 0);
const FIRST_OF_2050 = Date.UTC(2050, 0);

function whyWrong(tag: number, text: string, milliseconds: number): string | null {
  if (tag === Tag.GENERALIZED_TIME) {
    if (!/^\d{14}Z$/.test(text)) return 'is a GeneralizedTime not of the form YYYYMMDDHHMMSSZ';
    // RFC 5280 4.1.2.5: UTCTime through the year 2049.
    return milliseconds < FIRST_OF_2050 && milliseconds >= FIRST_OF_1950
      ? 'is a GeneralizedTime before the year 2050'
      : null;
  }
  return /^\d{12}Z$/.test(text) ? null : 'is a UTCTime not of the form YYMMDDHHMMSSZ';
}
