import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A wire between a client and a server that a test can cut. */
export interface TcpProxy {
  readonly port: number;
  /** The number of open connections. */
  readonly open: number;
  /** Breaks every connection. */
  cut(): void;
  /** From now on, nothing passes through the open connections, and no end is reported. */
  freeze(): void;
  /** Refuses connections until `resume`, and breaks those that are open. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** `seen` is told of all octets that pass, in either direction. */
export async function startTcpProxy(
  target: { readonly host: string; readonly port: number },
  seen: (octets: Buffer) => void = () => undefined,
): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((near) => {
    const far = connect(target.port, target.host);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.pipe(far).pipe(near);
    for (const socket of pair) socket.on('data', seen);
    for (const socket of pair) {
      socket.setNoDelay();
      socket.on('error', () => undefined);
      socket.on('close', () => {
        for (const end of pair) end.destroy();
        pairs.delete(pair);
      });
    }
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = () => pairs.forEach(([near, far]) => [near, far].forEach((socket) => socket.destroy()));
  const stopListening = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    cut();
    return closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    get open() {
      return pairs.size;
    },
    cut,
    freeze: () =>
      pairs.forEach(([near, far]) => {
        near.unpipe(far);
        far.unpipe(near);
        for (const socket of [near, far]) socket.pause();
      }),
    pause: stopListening,
    resume: () => listen(port),
    close: () => (server.listening ? stopListening() : Promise.resolve()),
  };
}
