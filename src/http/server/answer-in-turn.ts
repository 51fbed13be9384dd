import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many requests of a connection may wait while an earlier one is answered. Hardly a client sends more than one. */
const mostWaiting = 4;

/** The requests of one connection. */
interface Line {
  last: ServerResponse;
  /**
   * Octets that had arrived with the last request, if it has a body: Node may answer it at once, and read the next one in the
   * same turn of its loop. Else null.
   */
  bytesRead: number | null;
  waiting: number;
}

/**
 * Hands over one request of a connection at a time, and lets other connections go first before the next, so that nobody holds
 * up others by sending many requests at once (RFC 9112 9.3.2 lets a client do so). If more than four wait, these are
 * answered and the connection ends: a client has to expect that and sends the others again (RFC 9112 9.3.2).
 */
export function answerInTurn(server: Server, handler: RequestListener): Server {
  const lines = new WeakMap<Socket, Line>();
  const listener: RequestListener = (request, response) => {
    const { socket } = request;
    const line = lines.get(socket);
    if (line === undefined) {
      lines.set(socket, { last: response, bytesRead: octetsBehind(request), waiting: 0 });
      handler(request, response);
      return;
    }
    const { last: before } = line;
    const isAlone = before.closed && (line.bytesRead === null || line.bytesRead !== socket.bytesRead);
    line.last = response;
    line.bytesRead = octetsBehind(request);
    if (isAlone) {
      handler(request, response);
      return;
    }
    line.waiting += 1;
    if (line.waiting > mostWaiting) {
      stopReading(socket);
      before.once('close', () => socket.destroySoon());
      return;
    }
    const next = () => {
      setImmediate(() => {
        line.waiting -= 1;
        if (!socket.destroyed) handler(request, response);
      });
    };
    if (before.closed) next();
    else before.once('close', next);
  };
  // RFC 9110 10.1.1 lets a server ignore an expectation that it does not know.
  return server.on('request', listener).on('checkExpectation', listener);
}

function octetsBehind({ headers, socket }: IncomingMessage): number | null {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  return hasBody ? socket.bytesRead : null;
}

/**
 * Neither reads nor parses more of a connection. Node parses all that has arrived at once, which are thousands of requests in
 * 64 KiB, and has no public way to stop. Its parser leaves the rest alone where an upgrade (2) begins.
 */
function stopReading(socket: Socket): void {
  const { parser } = socket as { readonly parser?: { onIncoming: () => number } | null };
  if (parser) parser.onIncoming = () => 2;
  socket.pause();
}
