import { HttpMethod, RequestContext } from '@kubernetes/client-node';
import type { ClusterCallMeasure } from '../model/measures.js';
import { untraced, type Span, type TraceHeaders, type Tracing } from '../model/tracing.js';
import { type Access, ClusterUnavailableError, errorFromAnswer, errorWithoutAnswer } from './cluster-error.js';
import type { PooledKubeConfig } from './load-kube-config.js';

/** One request to an API server. */
interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The access that this request needs. It is reported where a refusal gives no reason. */
  readonly access: Access;
}

/**
 * An API server and the credentials for it. client-node brings kubeconfigs, credentials and TLS. Its `fetch` is not
 * used: it costs each request some two milliseconds more than the connections below it. JSON is passed on unchanged,
 * so that an object that is read and written back keeps the fields that this service does not know.
 */
export class ApiServer {
  readonly #origin: string;
  /** With its port, if that is given. */
  readonly #host: string;
  /** Precedes every path where the API server is not at the root of its host. */
  readonly #prefix: string;

  constructor(
    private readonly kubeConfig: PooledKubeConfig,
    /** `https://host:port`, without a slash at its end. */
    readonly url: string,
    private readonly requestTimeoutMilliseconds: number,
    private readonly measure: ClusterCallMeasure = () => undefined,
    private readonly tracing: Tracing = untraced,
  ) {
    this.#origin = /^[^/]*\/\/[^/]*/.exec(url)?.[0] ?? url;
    this.#host = URL.canParse(url) ? new URL(url).host : '';
    this.#prefix = url.slice(this.#origin.length);
  }

  /** Answers the parsed body. Throws the errors of cluster-error.ts. */
  request(request: ApiRequest): Promise<unknown> {
    const { method, access } = request;
    const attributes = { 'http.request.method': method, 'server.address': this.#host };
    return this.tracing.call(`${method} ${resourceOf(access)}`, attributes, (headers, span) =>
      this.#request(request, headers, span),
    );
  }

  async #request(request: ApiRequest, headers: TraceHeaders, span: Span): Promise<unknown> {
    const tooLate = new AbortController();
    const timer = setTimeout(
      () => tooLate.abort(new DOMException('too late', 'TimeoutError')),
      this.requestTimeoutMilliseconds,
    );
    try {
      const answer = await this.#send(request, tooLate.signal, headers);
      span.set({ 'http.response.status_code': answer.status });
      const text = await this.#attempt(() => answer.body.text());
      if (answer.status >= 300) throw errorFromAnswer({ ...answer, text }, request.access);
      try {
        return JSON.parse(text) as unknown;
      } catch (error) {
        throw new ClusterUnavailableError(`the server ${this.url} does not answer in JSON`, { cause: error });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Answers JSON values, one per line, as soon as the API server has begun to answer. `signal` ends the stream, also
   * before it began. Errors as in `request`.
   */
  async stream(request: ApiRequest, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const answer = await this.#send(request, signal);
    if (answer.status >= 300) {
      const text = await this.#attempt(() => answer.body.text());
      throw errorFromAnswer({ ...answer, text }, request.access);
    }
    return this.#lines(answer.body);
  }

  /** The credentials that are sent now, as one string to compare. */
  async credential(): Promise<string> {
    const { headers } = await this.#attempt(() => this.#credentials());
    return `${String(this.kubeConfig.generation)} ${JSON.stringify(headers)}`;
  }

  /** Runs work that serves all callers, such as a watch, outside of the trace of the caller who began it. */
  forEverybody<T>(work: () => T): T {
    return this.tracing.outside(work);
  }

  /** As in `PooledKubeConfig`. */
  renewConnections(): void {
    this.kubeConfig.renew();
  }

  close(): Promise<void> {
    return this.kubeConfig.close();
  }

  async #send(request: ApiRequest, signal: AbortSignal, traceHeaders: TraceHeaders = {}) {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    try {
      const answer = await this.#sendUnmeasured(request, signal, traceHeaders);
      this.measure(answer.status >= 500 ? 'failed' : 'answered', seconds());
      return answer;
    } catch (error) {
      // A watch that its owner ends by the signal says nothing about the API server.
      const isEnded =
        signal.aborted && !(signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError');
      if (!isEnded) this.measure('unreachable', seconds());
      throw error;
    }
  }

  async #sendUnmeasured({ method, path, query, body }: ApiRequest, signal: AbortSignal, traceHeaders: TraceHeaders) {
    const payload = body === undefined ? null : JSON.stringify(body);
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    const response = await this.#attempt(async () => {
      const { headers, dispatcher } = await this.#credentials();
      return dispatcher.request({
        origin: this.#origin,
        path: `${this.#prefix}${path}${search}`,
        method,
        headers: {
          accept: 'application/json',
          'user-agent': 'kubepass',
          ...traceHeaders,
          ...(payload === null ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: payload,
        signal,
        // The signal bounds the time. A watch may be silent for longer than undici's default allows.
        headersTimeout: 0,
        bodyTimeout: 0,
        // undici closes a connection after a DELETE with a body, because some servers do not read that body. An API
        // server does (it holds the preconditions), and every issuance ends with such a DELETE.
        reset: false,
      });
    });
    const retryAfter = response.headers['retry-after'];
    return {
      status: response.statusCode,
      retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
      body: response.body,
    };
  }

  /** The credentials that client-node sends now, read or fetched anew where due, and the connections for them. */
  async #credentials() {
    const context = new RequestContext(this.url, HttpMethod.GET);
    await this.kubeConfig.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher();
    if (dispatcher === undefined) throw new TypeError('client-node makes no connections');
    // A token file usually ends with a newline.
    const headers = Object.fromEntries(
      Object.entries(context.getHeaders()).map(([name, value]) => [name, value.trim()]),
    );
    return { headers, dispatcher };
  }

  async *#lines(body: AsyncIterable<Uint8Array>): AsyncGenerator {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of body) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line !== '') yield JSON.parse(line) as unknown;
      }
    } catch (error) {
      throw errorWithoutAnswer(error, this.url);
    }
  }

  async #attempt<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      throw errorWithoutAnswer(error, this.url);
    }
  }
}

/** `certificatesigningrequests/approval`: without the name of an object. */
const resourceOf = ({ resource, subresource }: Access): string =>
  subresource === undefined ? resource : `${resource}/${subresource}`;
