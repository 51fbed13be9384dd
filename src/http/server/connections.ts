import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { addressKey } from './address-key.js';

export interface ConnectionLimits {
  /** How many connections are open at a time. */
  readonly max: number;
  /** The same for one address, or for one /64 network of IPv6. */
  readonly maxPerAddress: number;
}

/** While connections are refused, the log has a line about it no more often than this. */
const tellEveryMilliseconds = 10_000;

/**
 * The open connections of a server, from the moment when the system hands them over: before a TLS handshake, and before
 * a request. Node's own list begins later.
 */
export class Connections {
  readonly #open = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  #refused = 0;
  #toldAt = -Infinity;

  constructor(
    private readonly limits: ConnectionLimits,
    private readonly log: { warn(fields: object, message: string): void },
    /** Whether connections from this address are those of many callers, so that no limit of one address is for them. */
    private readonly isProxy: (address: string) => boolean = () => false,
  ) {}

  get count(): number {
    return this.#open.size;
  }

  /** Stands before the server's own listener, so that a connection over the limit costs nothing more. */
  guard(server: Server): Server {
    const accept = server.listeners('connection');
    server.removeAllListeners('connection');
    return server.on('connection', (socket: Socket) => {
      if (this.#admit(socket)) for (const listener of accept) Reflect.apply(listener, server, [socket]);
    });
  }

  /** Cuts every connection, whatever it is doing. Returns how many there were. */
  destroyAll(): number {
    const { count } = this;
    for (const socket of this.#open) socket.destroy();
    return count;
  }

  #admit(socket: Socket): boolean {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      // The client has left already.
      socket.destroy();
      return false;
    }
    const key = addressKey(remoteAddress);
    const ofAddress = (this.#perAddress.get(key) ?? 0) + 1;
    const isOneTooMany = ofAddress > this.limits.maxPerAddress && !this.isProxy(remoteAddress);
    if (this.#open.size >= this.limits.max || isOneTooMany) {
      socket.destroy();
      this.#tell(remoteAddress);
      return false;
    }
    this.#open.add(socket);
    this.#perAddress.set(key, ofAddress);
    socket.once('close', () => {
      this.#open.delete(socket);
      const left = (this.#perAddress.get(key) ?? 1) - 1;
      if (left === 0) this.#perAddress.delete(key);
      else this.#perAddress.set(key, left);
    });
    return true;
  }

  #tell(remoteAddress: string): void {
    this.#refused += 1;
    const now = performance.now();
    if (now - this.#toldAt < tellEveryMilliseconds) return;
    const fields = { refused: this.#refused, open: this.count, remoteAddress, ...this.limits };
    this.log.warn(fields, 'too many connections: more are refused');
    this.#toldAt = now;
    this.#refused = 0;
  }
}
