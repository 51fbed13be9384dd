import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { issue, makeAuthority } from './fake-api-server/serving-certificate.js';

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** `silence`: no answer; `reset`: the connection is cut. */
export type ReceiverAnswer =
  | 'silence'
  | 'reset'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | ((response: ServerResponse) => void);

/** A receiver: an HTTPS server on loopback that keeps every payload. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  /** How many TLS connections were accepted. */
  connections = 0;
  /** The next answers in order; after them `answer`. */
  readonly answers: ReceiverAnswer[] = [];
  answer: ReceiverAnswer = { status: 204 };
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #port = 0;

  private constructor(
    /** PEM of the CA that its certificate chains to. */
    readonly caPem: string,
    private readonly tls: { readonly cert: string; readonly key: string },
  ) {
    this.#server = this.#create();
  }

  static async start(): Promise<WebhookReceiver> {
    const authority = await makeAuthority('webhook-receiver-ca');
    const { certificatePem, privateKeyPem } = await issue(authority, { username: 'receiver' }, 'serverAuth');
    const receiver = new WebhookReceiver(authority.pem, { cert: certificatePem, key: privateKeyPem });
    await receiver.restart();
    return receiver;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}/hook?room=1`;
  }

  get origin(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** The `webhook-id`s, in the order they came. */
  get ids(): readonly string[] {
    return this.received.map(({ headers }) => String(headers['webhook-id']));
  }

  /** Waits until so many have come, and answers them all. */
  async until(count: number, seconds = 10): Promise<readonly ReceivedWebhook[]> {
    const end = Date.now() + seconds * 1000;
    while (this.received.length < count) {
      if (Date.now() > end) throw new Error(`${this.received.length} of ${count} webhooks came in ${seconds} s`);
      await sleep(10);
    }
    return this.received;
  }

  /** Ends every connection and listens no more. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Listens again, on the port it had. */
  async restart(): Promise<void> {
    this.#server = this.#create();
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #create(): Server {
    const server = createServer(this.tls, (request, response) => void this.#serve(request, response));
    server.on('secureConnection', () => this.connections++);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    request.setEncoding('utf8');
    for await (const chunk of request) body += chunk as string;
    this.received.push({ path: request.url ?? '', headers: request.headers, body });
    const answer = this.answers.shift() ?? this.answer;
    if (answer === 'silence') return;
    if (answer === 'reset') return void request.socket.destroy();
    if (typeof answer === 'function') {
      answer(response);
      return;
    }
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body ?? '');
  }
}
