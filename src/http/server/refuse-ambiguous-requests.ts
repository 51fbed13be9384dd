import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { problem, problemAnswer } from '../problems/problem.js';

/** RFC 9110 7.2: a name or an address, perhaps with a port. Empty where the target has no authority. */
const hostField = /^(?:(?:[\w.~!$&'()*+;=-]|%[\dA-F]{2})*|\[[\dA-F:.]+\])(?::\d*)?$/i;

/** Settings of the server that go with `refuseAmbiguousRequests`, which then sees the requests that Node would answer by itself. */
export const everyRequest = { joinDuplicateHeaders: true, requireHostHeader: false } as const;

/**
 * Answers 400 to a request that a proxy before us may read in another way than Node does, and ends its connection: behind it
 * could hide a request that the proxy never saw. No route and no hook sees it, nor anything that came behind it.
 */
export function refuseAmbiguousRequests(handler: RequestListener): RequestListener {
  const ended = new WeakSet<Socket>();
  return (request, response) => {
    // Node goes on to read what arrived together with a request that ended its connection.
    if (ended.has(request.socket)) return;
    const why = whyAmbiguous(request);
    if (why === null) {
      // Node reads nothing that follows in the same octets, because they may be of the other protocol.
      if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
      handler(request, response);
      return;
    }
    ended.add(request.socket);
    const { headers, body } = problemAnswer(problem('invalid-request', why));
    response.writeHead(400, headers).end(body);
  };
}

function whyAmbiguous({ httpVersion, url = '', headers }: IncomingMessage): string | null {
  const { host, 'transfer-encoding': coding } = headers;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'the version is neither HTTP/1.1 nor HTTP/1.0';
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    return 'Transfer-Encoding is chunked alone, and of HTTP/1.1 (RFC 9112 6.1)';
  if (host === undefined ? httpVersion === '1.1' : !hostField.test(host))
    return 'Host is there once, with a name or an address (RFC 9112 3.2)';
  if (url.includes('#')) return 'the target of a request has no fragment (RFC 9112 3.2)';
  return null;
}
