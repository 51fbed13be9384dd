import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** An HTTP client with as little code as possible, because its cost is part of the measurement. */
export class KeptConnections {
  private readonly origin: URL;
  private readonly agent: HttpAgent;

  /** `ca`: PEM, for https. */
  constructor(
    origin: string,
    private readonly token: string,
    ca?: string,
  ) {
    this.origin = new URL(origin);
    this.agent = ca === undefined ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true, ca });
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await this.open(method, path, body, headers);
    let text = '';
    response.setEncoding('utf8');
    for await (const chunk of response) text += chunk as string;
    return { status: response.statusCode ?? 0, text };
  }

  /** Like `send`, but any status other than `status` is an error. */
  async expect(status: number, ...request: Parameters<KeptConnections['send']>): Promise<string> {
    const answer = await this.send(...request);
    if (answer.status !== status)
      throw new Error(`${request[0]} ${request[1]} was answered with ${answer.status}: ${answer.text}`);
    return answer.text;
  }

  /** Resolves as soon as the answer begins; the caller reads the body. Octets are sent unchanged. */
  open(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> {
    const payload = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
    const request = this.origin.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = request({
        agent: this.agent,
        host: this.origin.hostname,
        port: this.origin.port,
        method,
        path,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(payload === undefined ? {} : { 'content-type': type, 'content-length': payload.length }),
          ...headers,
        },
      });
      sent.once('response', resolve);
      sent.once('error', reject);
      sent.end(payload);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
