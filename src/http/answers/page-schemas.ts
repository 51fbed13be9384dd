import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { InvalidCursorError } from '../../model/errors.js';
import type { Page, PageQuery } from '../../model/outcome.js';
import { json } from './responses.js';
import {
  closed,
  cursorPattern,
  integerOf,
  namedObject,
  type NamedSchema,
  nameOf,
  nullable,
  ref,
} from '../schemas/schema-parts.js';

const defaultLimit = 50;
/**
 * Characters. A cursor of a list by name holds a name in the form in which names are compared, which may be some times
 * as long, and of which each character may be an escape in JSON.
 */
const longestCursor = 4096;

/** The query parameters of every list. */
export const pageParameters = {
  limit: Type.Optional(integerOf(`How many items at most; default ${defaultLimit}.`, 50, { minimum: 1, maximum: 500 })),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: longestCursor,
      pattern: cursorPattern,
      description: '`nextCursor` of the previous page.',
      examples: ['eyJpZCI6IjAxOTY4YzJlIn0'],
    }),
  ),
};

/** The filter on how usernames begin, which changes the order of a list. */
export const usernamePrefixParameter = (items: string, ofName = nameOf) => ({
  usernamePrefix: Type.Optional(
    ofName(
      `Only ${items} for usernames that begin with this. Unless they are listed by expiry, they are then listed by username.`,
      'svc-',
    ),
  ),
});

/** The query of a list without filters. */
export const ListQuerySchema = closed(pageParameters);

export const nextCursorProperty = nullable(
  Type.String({ maxLength: longestCursor, examples: ['eyJpZCI6IjAxOTY4YzJlIn0'] }),
  'Pass it as `cursor` to get the next page; null on the last page. A page that has one may be short, or empty.',
);

/** The list of a named schema: a page of its items. */
export function pageOf<T extends NamedSchema>(item: T, description: string) {
  return namedObject(`${item.$id}List`, description, {
    items: Type.Array(ref(item), { maxItems: 500 }),
    nextCursor: nextCursorProperty,
  });
}

export const pageResponse = (schema: NamedSchema, description: string) =>
  json(schema, { description, headers: pageHeaders });

export const pageHeaders = { Link: '`rel="next"` if there is another page.' };

export function pageQuery(query: { readonly limit?: number; readonly cursor?: string }): PageQuery {
  return { limit: query.limit ?? defaultLimit, cursor: query.cursor ?? null };
}

/** The body of a page. Sets `Link: rel="next"` (RFC 8288), which keeps the caller's filters and limit. */
export function pageBody<T, Shown>(
  request: FastifyRequest,
  reply: FastifyReply,
  { items, nextCursor }: Page<T>,
  view: (item: T) => Shown,
): Page<Shown> {
  linkToNext(request, reply, nextCursor);
  return { items: items.map((item) => view(item)), nextCursor };
}

export function linkToNext(request: FastifyRequest, reply: FastifyReply, nextCursor: string | null): void {
  if (nextCursor === null) return;
  const [path = '', query = ''] = request.url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', nextCursor);
  reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`);
}

/** A page of a list that is in memory as a whole. The cursor is the key of the last item of the page before. */
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
