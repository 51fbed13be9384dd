import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { MetricsText } from '../../model/measures.js';
import { answerInTurn, everyRequest, listenAt, type Place, refuseAmbiguousRequests } from './create-server.js';

/** Prometheus needs one connection; this leaves room for a few of them, and for nobody to fill the process. */
const mostConnections = 20;

/**
 * Serves `GET /metrics` and nothing else, over plain HTTP and without a token: whoever reaches the port reads the
 * figures. No request reaches a use case, and no body is read.
 */
export class MetricsListener {
  readonly #server: Server;

  constructor(
    text: () => Promise<MetricsText>,
    private readonly log: { error(fields: object, message: string): void },
  ) {
    this.#server = createServer({
      requestTimeout: 10_000,
      headersTimeout: 5_000,
      // Node looks every 30 s by itself: so long could connections without a request keep Prometheus out.
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 8_192,
      ...everyRequest,
    });
    this.#server.maxConnections = mostConnections;
    // Nobody reads the figures more slowly.
    this.#server.timeout = 10_000;
    const answerMetrics: RequestListener = (request, response) => {
      const [path] = (request.url ?? '').split('?');
      if (path !== '/metrics') answer(response, 404, 'only /metrics is here\n');
      else if (request.method !== 'GET' && request.method !== 'HEAD')
        answer(response.setHeader('allow', 'GET, HEAD'), 405, 'only GET and HEAD are answered\n');
      else
        text().then(
          (metrics) => {
            answer(response, 200, metrics.text, metrics.contentType);
          },
          (error: unknown) => {
            this.log.error({ err: error }, 'the metrics could not be gathered');
            answer(response, 500, 'the metrics could not be gathered\n');
          },
        );
    };
    answerInTurn(this.#server, refuseAmbiguousRequests(answerMetrics));
  }

  /** Answers the address. */
  async listen(at: Place): Promise<string> {
    return `http://${await listenAt(this.#server, at)}/metrics`;
  }

  /** Ends the connections too: a scrape that is cut off is made again. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#server.close(() => {
      resolve(undefined);
    });
    this.#server.closeAllConnections();
    await promise;
  }
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response
    .writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(text);
}
