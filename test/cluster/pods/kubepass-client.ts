import { Agent } from 'undici';

/** An answer of the service; `body`: read where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Calls the service over TLS, at an address, by the name in its certificate. Each call has a connection of its own, as
 * calls of many users do. A call throws where the connection is refused or breaks.
 */
export class KubepassClient {
  private readonly agent: Agent;

  constructor(
    private readonly address: { readonly host: string; readonly port: number },
    tls: { readonly ca: string; readonly servername: string },
    private readonly token: string,
  ) {
    this.agent = new Agent({ connect: tls, pipelining: 0 });
  }

  async ask(method: 'GET' | 'POST', path: string, body?: object, accept = 'application/json'): Promise<Answer> {
    const { host, port } = this.address;
    const answer = await this.agent.request({
      origin: `https://${host}:${port}`,
      method,
      path,
      reset: true,
      headers: {
        authorization: `Bearer ${this.token}`,
        accept,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const isJson = /json/.test(String(answer.headers['content-type']));
    return { status: answer.statusCode, text, body: isJson ? (JSON.parse(text) as Answer['body']) : {} };
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}
