import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../server/types.js';

export const jsonMediaType = 'application/json; charset=utf-8';

/**
 * Chooses the media type of the answer before anything else is done: 406 if the caller accepts none. No cache may keep
 * the answer.
 */
export function negotiateMediaTypes(app: App): void {
  app.decorateRequest('answerType', '');
  app.addHook('onRequest', (request, reply, done) => {
    const produces = request.route.config.produces ?? ['application/json'];
    const mediaType = negotiate(request.headers.accept, produces);
    if (mediaType === null) {
      done(new ProblemError(problem('not-acceptable', `this resource comes as ${produces.join(', ')}`)));
      return;
    }
    if (produces.length > 1) reply.header('vary', 'Accept');
    reply.header('cache-control', 'no-store');
    request.answerType = mediaType;
    done();
  });
}

/**
 * The offered media type that the caller's `Accept` prefers; null if it accepts none. The
 * first offered type is chosen among equally preferred ones, and without the header. The most specific range that matches a type gives its
 * quality (RFC 9110 12.5.1). Parameters other than `q` are not compared, and malformed ranges are ignored.
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
  /** 0 … 1; 0 means never. */
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
