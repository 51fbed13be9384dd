import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** The address, and for TLS the CA (PEM) that the server's certificate chains to. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly ca: string | null;
}

const headEnd = Buffer.from('\r\n\r\n');

/**
 * One kept connection with one request at a time. Requests are prepared octets, and only the status and the length of
 * an answer are read, because every cycle of the generator is missing from the measured server.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #answered: { resolve(status: number): void; reject(error: Error): void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  static open({ host, port, ca }: Target): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = ca === null ? connectTcp(port, host) : connectTls({ host, port, ca });
      socket.once('error', reject);
      socket.once(ca === null ? 'connect' : 'secureConnect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  /** The status of the answer, when all of it has arrived. */
  send(request: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#answered = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#answered = null;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const status = completeAnswer(this.#received);
    if (status === null) return;
    this.#received = Buffer.alloc(0);
    const answered = this.#answered;
    this.#answered = null;
    answered?.resolve(status);
  }

  #fail(error: Error): void {
    this.#answered?.reject(error);
    this.#answered = null;
  }
}

/** The status of a complete HTTP/1.1 answer (RFC 9112 6.3); null while a part of it is missing. */
export function completeAnswer(received: Buffer): number | null {
  const end = received.indexOf(headEnd);
  if (end < 0) return null;
  const head = received.toString('latin1', 0, end).toLowerCase();
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  const body = end + headEnd.length;
  if (length !== undefined) return received.length >= body + Number(length) ? status : null;
  if (/\r\ntransfer-encoding: *chunked/.test(head))
    return received.subarray(-5).toString('latin1') === '0\r\n\r\n' ? status : null;
  return status;
}

/** A request as it is sent. */
export function requestOctets(
  { host, port }: Target,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}:${port}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}
