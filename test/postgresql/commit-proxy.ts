import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * How the connection breaks in a commit. `answer lost`: COMMIT arrives and its answer does not. `commit lost`:
 * everything before COMMIT arrives. `answer lost for good`: as the first, and then no connection is accepted until
 * `resume`. `late`: COMMIT and everything that was sent with it arrive half a second after the connection was lost.
 */
export type Breakage = 'answer lost' | 'answer lost for good' | 'commit lost' | 'late';

export const lateMilliseconds = 500;

export interface CommitProxy {
  readonly port: number;
  /** Breaks the next COMMIT, or the `nth` one from now. */
  breakNext(how: Breakage, nth?: number): void;
  /** Refuses connections until `resume`, and breaks those that are open. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** The message that prepares COMMIT without a name: PostgreSQL's protocol 3.0, message Parse. */
const commitMessage = Buffer.concat([Buffer.from('P'), Buffer.of(0, 0, 0, 14, 0), Buffer.from('COMMIT\0')]);

/** A proxy for PostgreSQL that breaks a connection in the middle of a commit on demand. */
export async function startCommitProxy(target: { readonly host: string; readonly port: number }): Promise<CommitProxy> {
  let next: Breakage | null = null;
  let commits = 0;
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target.port, target.host);
    let late = false;
    for (const socket of [near, far]) {
      open.add(socket);
      socket.setNoDelay();
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        // The server's side stays open, so the server finds out by itself when it answers.
        if (socket === far) near.destroy();
        else if (!late) far.end();
      });
    }
    far.on('data', (data) => {
      if (near.writable) near.write(data);
    });
    near.on('data', (data) => {
      const at = next === null ? -1 : data.indexOf(commitMessage);
      if (at < 0 || --commits > 0) {
        far.write(data);
        return;
      }
      if (next === 'commit lost') far.end(data.subarray(0, at));
      else if (next === 'late') {
        late = true;
        setTimeout(() => far.end(data), lateMilliseconds);
      } else far.write(data);
      // Open connections of other readers stay open.
      if (next === 'answer lost for good') server.close();
      next = null;
      near.destroy();
    });
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of open) socket.destroy();
    return closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    breakNext(how, nth = 1) {
      next = how;
      commits = nth;
    },
    pause: stop,
    resume: () => listen(port),
    close: () => (server.listening ? stop() : Promise.resolve()),
  };
}
