import type { InspectedObject } from '../../model/inspection.js';
import { durationInWords } from '../../formats/text/duration-in-words.js';

/** How far a certificate, or a list until its next, has come in its time. */
export interface Validity {
  readonly state: 'notYet' | 'valid' | 'expired';
  readonly until: string;
  /** `364 days`, `expired 3 days ago`, `begins in 2 hours`. */
  readonly remaining: string;
  /** 0 … 1 of the whole; null where that cannot be said. */
  readonly remainingShare: number | null;
}

/** RFC 5280 4.1.2.5: this end means that there is none. */
const noEnd = '9999-12-31T23:59:59Z';

/** Null for what has no validity. */
export function validityOf(object: InspectedObject, now: Date): Validity | null {
  if (object.type === 'Certificate') return validityBetween(object.notBefore, object.notAfter, now);
  if (object.type === 'CertificateList' && object.nextUpdate !== null)
    return validityBetween(object.thisUpdate, object.nextUpdate, now);
  return null;
}

function validityBetween(notBefore: string, notAfter: string, now: Date): Validity {
  const begin = Date.parse(notBefore);
  const end = Date.parse(notAfter);
  const left = (end - now.getTime()) / 1000;
  const share = Math.min(1, Math.max(0, (left * 1000) / (end - begin)));
  const remainingShare = end > begin ? share : null;
  const common = { until: notAfter, remainingShare };
  if (Number.isNaN(left)) return { ...common, state: 'valid', remaining: 'not known' };
  if (left < 0) return { ...common, state: 'expired', remaining: `expired ${durationInWords(left)} ago` };
  if (begin > now.getTime())
    return { ...common, state: 'notYet', remaining: `begins in ${durationInWords((begin - now.getTime()) / 1000)}` };
  return { ...common, state: 'valid', remaining: notAfter === noEnd ? 'no end' : durationInWords(left) };
}
