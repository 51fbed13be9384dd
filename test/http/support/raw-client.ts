import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A connection without an HTTP library. It never closes its side by itself. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything that the service sent. */
  received(): string;
  /** Waits until the service has sent this, or has ended the connection. */
  receives(text: string): Promise<void>;
  /** When the service ended the connection, in milliseconds after the connection began. */
  readonly ended: Promise<number>;
}

interface RawClientOptions {
  /** Default: TCP for `http:`, TLS for `https:`. */
  readonly over?: 'TCP' | 'TLS';
  readonly localAddress?: string;
}

/** Connects to the service at this address. */
export async function connectRaw(address: string, options: RawClientOptions = {}): Promise<RawClient> {
  const { hostname: host, port, protocol } = new URL(address);
  const { over = protocol === 'https:' ? 'TLS' : 'TCP', localAddress } = options;
  const target = { host, port: Number(port), allowHalfOpen: true, ...(localAddress && { localAddress }) };
  const socket = over === 'TLS' ? connectTls({ ...target, rejectUnauthorized: false }) : connectTcp(target);
  const began = performance.now();
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += String(chunk)));
  socket.on('error', () => undefined);
  const happens = (...events: readonly string[]) =>
    new Promise<void>((resolve) => {
      for (const event of events) socket.once(event, () => resolve());
    });
  const ended = happens('end', 'close').then(() => performance.now() - began);
  await Promise.race([happens(over === 'TLS' ? 'secureConnect' : 'connect'), ended]);
  const receives = async (wanted: string) => {
    while (!text.includes(wanted) && !socket.readableEnded && !socket.destroyed) await happens('data', 'end', 'close');
  };
  return { socket, received: () => text, receives, ended };
}

/** Sends a text octet by octet until it is all sent or the connection has ended. Repeats the last octet then. */
export function trickle({ socket }: RawClient, octets: Buffer | string, everyMilliseconds: number): void {
  const bytes = Buffer.from(octets);
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(bytes.subarray(sent, sent + 1));
    sent = Math.min(sent + 1, bytes.length - 1);
  }, everyMilliseconds);
  socket.once('close', () => {
    clearInterval(timer);
  });
}
