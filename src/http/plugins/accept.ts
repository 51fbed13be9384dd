/**
 * Which of the offered media types the caller's `Accept` prefers; null where none fits. Of equally preferred ones
 * the first offered wins, and without the header anything fits. RFC 9110 12.5.1: the most specific range that
 * matches a type gives its quality. Parameters other than `q` are not compared; ranges that cannot be read are
 * passed over.
 */
export function negotiate(accept: string | undefined, offered: readonly string[]): string | null {
  if (accept === undefined || accept.trim() === '') return offered[0] ?? null;
  const ranges = accept.split(',').flatMap(parseRange);
  let best: { readonly type: string; readonly quality: number } | null = null;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality > (best?.quality ?? 0)) best = { type, quality };
  }
  return best?.type ?? null;
}

interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  /** 0 … 1; 0 refuses. */
  readonly quality: number;
}

const rangeGrammar = /^([a-z0-9!#$&^_.+*-]+)\/([a-z0-9!#$&^_.+*-]+)$/;
// RFC 9110 12.4.2
const qualityGrammar = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

function parseRange(text: string): readonly MediaRange[] {
  const [range = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const matched = rangeGrammar.exec(range);
  if (matched === null) return [];
  const [, type = '', subtype = ''] = matched;
  if (type === '*' && subtype !== '*') return [];
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  if (weight === undefined) return [{ type, subtype, quality: 1 }];
  const quality = qualityGrammar.exec(weight)?.[1];
  return quality === undefined ? [] : [{ type, subtype, quality: Number(quality) }];
}

function qualityOf(mediaType: string, ranges: readonly MediaRange[]): number {
  const [type, subtype] = mediaType.split('/');
  const specificity = (range: MediaRange): number => {
    if (range.type === type && range.subtype === subtype) return 3;
    if (range.type === type && range.subtype === '*') return 2;
    return range.type === '*' ? 1 : 0;
  };
  let found = { specificity: 0, quality: 0 };
  for (const range of ranges) {
    const specific = specificity(range);
    if (specific > found.specificity) found = { specificity: specific, quality: range.quality };
  }
  return found.quality;
}
