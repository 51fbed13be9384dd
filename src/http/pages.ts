import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvalidCursorError } from '../model/errors.js';
import type { Page, PageQuery } from '../model/page.js';

const defaultLimit = 50;

export function pageQuery(query: { readonly limit?: number; readonly cursor?: string }): PageQuery {
  return { limit: query.limit ?? defaultLimit, cursor: query.cursor ?? null };
}

/** `Link: rel="next"` (RFC 8288), with the caller's own filters and limit. */
export function linkToNext(request: FastifyRequest, reply: FastifyReply, nextCursor: string | null): void {
  if (nextCursor === null) return;
  const [path = '', query = ''] = request.url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', nextCursor);
  reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`);
}

/** A page of a list that is in memory whole; the cursor is the key after which to go on. */
export function pageOfList<T>(items: readonly T[], page: PageQuery, keyOf: (item: T) => string): Page<T> {
  let start = 0;
  if (page.cursor !== null) {
    const key = Buffer.from(page.cursor, 'base64url').toString('utf8');
    start = items.findIndex((item) => keyOf(item) === key) + 1;
    if (start === 0) throw new InvalidCursorError('the cursor names no item of this list');
  }
  const shown = items.slice(start, start + page.limit);
  const last = shown.at(-1);
  const more = last !== undefined && start + page.limit < items.length;
  return { items: shown, nextCursor: more ? Buffer.from(keyOf(last)).toString('base64url') : null };
}
