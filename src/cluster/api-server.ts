import { createHash } from 'node:crypto';
import { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } from '@kubernetes/client-node';
import type { Access } from './access.js';
import { errorFromAnswer, errorWithoutAnswer } from './cluster-error.js';
import { ClusterUnavailableError } from './csr-object.js';
import type { PooledKubeConfig } from './pooled-kube-config.js';

/** One request to an API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** What RBAC calls this request: named where it is refused without further words. */
  readonly access: Access;
}

/**
 * An API server and the credentials for it. client-node brings kubeconfigs, credentials and TLS; JSON passes as it
 * is, so that an object that is read and written back keeps what this service knows nothing of.
 */
export class ApiServer {
  readonly #http = new IsomorphicFetchHttpLibrary();

  constructor(
    private readonly kubeConfig: PooledKubeConfig,
    /** `https://host:port`. */
    readonly url: string,
    private readonly requestTimeoutMilliseconds: number,
  ) {}

  /** Answers the parsed body. Throws the errors of csr-object.ts, and `ClusterNotFoundError`. */
  async request(request: ApiRequest): Promise<unknown> {
    const signal = AbortSignal.timeout(this.requestTimeoutMilliseconds);
    const answer = await this.#send(request, signal);
    const text = await answer.text();
    if (answer.status >= 300) throw errorFromAnswer({ ...answer, text }, request.access);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new ClusterUnavailableError(`the server ${this.url} does not answer in JSON`, { cause: error });
    }
  }

  /**
   * Answers once the API server has begun to answer: a sequence of JSON values, one a line. `signal` ends it, also
   * before it began. Errors as in `request`.
   */
  async stream(request: ApiRequest, signal: AbortSignal): Promise<AsyncIterable<unknown>> {
    const answer = await this.#send(request, signal);
    if (answer.status >= 300) throw errorFromAnswer({ ...answer, text: await answer.text() }, request.access);
    return this.#lines(answer.body());
  }

  /** Stands for the credentials as they are sent now; another string where they have changed. */
  async credential(): Promise<string> {
    const context = new RequestContext(this.url, HttpMethod.GET);
    await this.#attempt(() => this.kubeConfig.applySecurityAuthentication(context));
    const headers = createHash('sha256').update(JSON.stringify(context.getHeaders())).digest('hex');
    return `${this.kubeConfig.key} ${headers}`;
  }

  /** As in `PooledKubeConfig`. */
  renewConnections(): void {
    this.kubeConfig.renew();
  }

  close(): Promise<void> {
    return this.kubeConfig.close();
  }

  async #send(request: ApiRequest, signal: AbortSignal) {
    const context = new RequestContext(this.url + request.path, HttpMethod[request.method]);
    for (const [name, value] of Object.entries(request.query ?? {})) context.setQueryParam(name, value);
    context.setHeaderParam('Accept', 'application/json');
    context.setHeaderParam('User-Agent', 'kubepass');
    if (request.body !== undefined) {
      context.setHeaderParam('Content-Type', 'application/json');
      context.setBody(JSON.stringify(request.body));
    }
    context.setSignal(signal);
    const response = await this.#attempt(async () => {
      await this.kubeConfig.applySecurityAuthentication(context);
      return this.#http.send(context).toPromise();
    });
    return {
      status: response.httpStatusCode,
      retryAfter: response.headers['retry-after'] ?? null,
      text: () => this.#attempt(() => response.body.text()),
      body: () => response.body.stream(),
    };
  }

  async *#lines(body: AsyncIterable<Uint8Array> | null): AsyncGenerator {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of body ?? []) {
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
