import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface SClient {
  /** Sends a request on the connection and answers the status and the body. Other requests may follow. */
  request(path: string, headers?: Readonly<Record<string, string>>): Promise<{ status: number; body: string }>;
  /** Everything that openssl has said, and the service has sent. */
  said(): string;
  /** Writes to openssl as it is: `R` on a line of its own renegotiates. */
  write(text: string): void;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<unknown>;
  end(): Promise<void>;
}

/** A TLS connection of `openssl s_client`, which verifies nothing of the service. */
export function sClient(address: string, args: readonly string[] = []): SClient {
  const { hostname, port } = new URL(address);
  const commands = args.includes('-legacy_renegotiation') ? [] : ['-ign_eof'];
  const child = spawn('openssl', ['s_client', '-connect', `${hostname}:${port}`, ...commands, ...args], {
    stdio: 'pipe',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close');
  let over = false;
  void ended.then(() => (over = true));
  let read = 0;
  const answered = async (): Promise<{ status: number; body: string }> => {
    for (;;) {
      const found = /HTTP\/1\.1 (\d{3}) [\s\S]*?content-length: (\d+)\r\n[\s\S]*?\r\n\r\n/i.exec(said.slice(read));
      const start = found === null ? 0 : read + found.index + found[0].length;
      const length = Number(found?.[2]);
      if (found !== null && said.length >= start + length) {
        read = start + length;
        return { status: Number(found[1]), body: said.slice(start, read) };
      }
      if (over) throw new Error(`the connection has ended without an answer:\n${said}`);
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
  };
  return {
    request(path, headers = {}) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      child.stdin.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`);
      return answered();
    },
    said: () => said,
    write(text) {
      child.stdin.write(text);
    },
    ended,
    async end() {
      child.kill();
      await ended;
    },
  };
}
