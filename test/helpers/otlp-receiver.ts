import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as it came over the wire. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first one of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2: error. */
  readonly status: { readonly code?: number; readonly message?: string };
}

/** OTLP 1.x as JSON: opentelemetry/proto/trace/v1/trace.proto. */
interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly WireAttribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, 'attributes'> & {
        readonly attributes: readonly WireAttribute[];
        readonly events: readonly unknown[];
      })[];
    }[];
  }[];
}

interface WireAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** A collector of traces on loopback: OTLP over HTTP, as JSON. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Every body, as it came. */
  readonly bodies: string[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly paths: string[] = [];
  resource: Readonly<Record<string, unknown>> = {};
  /** `silence`: it takes the request and never answers. */
  answer: 'silence' | 200 | 401 = 200;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.paths.push(request.url ?? '');
        this.headers.push(request.headers);
        this.bodies.push(body);
        if (this.answer === 'silence') return;
        if (this.answer === 200) this.#take(JSON.parse(body) as ExportRequest);
        response.writeHead(this.answer, { 'content-type': 'application/json' }).end('{}');
      });
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  named(name: string): ReceivedSpan {
    const found = this.spans.filter((span) => span.name === name);
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw new Error(`${found.length} spans "${name}" of ${this.spans.map((span) => span.name).join(', ')}`);
    return only;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take({ resourceSpans }: ExportRequest): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = valuesOf(resource.attributes);
      for (const { spans } of scopeSpans)
        for (const { attributes, parentSpanId = '', ...span } of spans)
          this.spans.push({ ...span, parentSpanId, attributes: valuesOf(attributes) });
    }
  }
}

const valuesOf = (attributes: readonly WireAttribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
