import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { jsonMediaType } from '../hooks/request-input.js';
import { namesEntityTag } from './responses.js';

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': jsonMediaType,
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** The media type of a file, by its name. */
export const mediaTypeOf = (name: string): string => mediaTypes[extname(name)] ?? 'application/octet-stream';

/** An answer that is the same for every caller, and is made once. */
export interface Prebuilt {
  readonly body: Buffer;
  readonly type: string;
  /** Quoted (RFC 9110 8.8.3). */
  readonly etag: string;
  /** The value of `Cache-Control`. */
  readonly caching: string;
  /** The coding of the body (RFC 9110 8.4.1): `br`, `gzip` or `identity`. */
  readonly coding: string;
}

/** Makes the answer when it is asked for the first time. */
export function prebuilt(
  type: string,
  make: () => string | Buffer,
  { caching = 'no-cache', coding = 'identity' }: Partial<Pick<Prebuilt, 'caching' | 'coding'>> = {},
): () => Prebuilt {
  let made: Prebuilt | null = null;
  return () => {
    if (made !== null) return made;
    const body = Buffer.from(make());
    made = { body, type, etag: `"${createHash('sha256').update(body).digest('base64url')}"`, caching, coding };
    return made;
  };
}

/** So much of an answer waits for its reader. TLS keeps a copy of it. */
const pieceOctets = 16 * 1024;

/**
 * Answers 304 to a caller who has it already (RFC 9110 13.1.2). A body goes out in pieces, each when the one before it
 * was read.
 */
export function sendPrebuilt(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, type, etag, caching, coding }: Prebuilt,
): FastifyReply {
  reply.headers({ etag, 'cache-control': caching });
  if (namesEntityTag(request.headers['if-none-match'], etag)) return reply.code(304).send();
  reply.type(type).header('content-length', body.length);
  if (coding !== 'identity') reply.header('content-encoding', coding);
  return reply.send(request.method === 'HEAD' ? body : Readable.from(piecesOf(body)));
}

/** Others go first between two pieces, because a system may take many at once. */
async function* piecesOf(body: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += pieceOctets) {
    if (at > 0) await setImmediate();
    yield body.subarray(at, at + pieceOctets);
  }
}
