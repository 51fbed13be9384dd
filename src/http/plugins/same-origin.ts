import type { FastifyRequest } from 'fastify';

/** RFC 9110 section 9.2.1: they change nothing, and other pages cannot read their answers. */
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Why a call that a browser makes with its cookie may have been caused by a page of another origin; null where it has not been.
 * The browser adds the cookie, whichever page calls. But it also says where the call comes from: `Sec-Fetch-Site` (Fetch
 * Metadata Request Headers section 2.4), which no page can set, or else `Origin` (RFC 6454 section 7).
 *
 * A form sends texts and files, and other pages may submit one. So with `Origin` alone, a body is JSON.
 */
export function whyNotSameOrigin({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>, origin: string) {
  if (safeMethods.includes(method)) return null;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' ? null : 'Sec-Fetch-Site is not same-origin';
  if (headers.origin === undefined) return 'there is neither Sec-Fetch-Site nor Origin';
  if (headers.origin !== origin) return 'Origin is that of another page';
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  const type = headers['content-type'];
  if (type === undefined ? hasBody : !/^application\/json *(;|$)/i.test(type))
    return 'there is no Sec-Fetch-Site, and the body is no JSON';
  return null;
}
