import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fchmodSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ApiClient } from './api-client.js';

/** What went wrong, for people to read; there is no more to it. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
}

/** The service's sources under the same loader that runs us, by its place: the working directory may be anywhere. */
const fromSources = [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
  fileURLToPath(new URL('../../src/server.ts', import.meta.url)),
] as const;

/** How long the service may take until it is ready. */
const readySeconds = 60;

/** The service as a child of its own process group: a Ctrl-C reaches it once, through us. */
export class ServiceProcess {
  /** The exit code; 128 + the signal's number where a signal ended it. */
  readonly ended: Promise<number>;
  wasSignalled = false;
  private running = true;
  private readonly child: ChildProcess;
  private readonly logStart: number;

  /** `program`: what Node is to run, where it is not the sources; `node`: the Node, where it is not ours. */
  constructor(
    environment: Readonly<Record<string, string>>,
    private readonly logFile: string,
    program: readonly string[] = fromSources,
    node = process.execPath,
  ) {
    // Appended to: another quickstart may be writing to it, whose data dir this one will find locked.
    const log = openSync(logFile, 'a', 0o600);
    fchmodSync(log, 0o600);
    this.logStart = fstatSync(log).size;
    this.child = spawn(node, program, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    // Nothing that we start outlives us, even where an exception ends us.
    const end = () => this.child.kill('SIGKILL');
    process.on('exit', end);
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('exit', (code, signal) => {
        this.running = false;
        process.off('exit', end);
        resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.wasSignalled = true;
    this.child.kill(signal);
  }

  /** Ends it where it still runs. Answers its exit code. */
  async stop(): Promise<number> {
    if (this.running) this.child.kill('SIGTERM');
    return this.ended;
  }

  async untilReady(client: ApiClient): Promise<void> {
    const deadline = Date.now() + readySeconds * 1000;
    while (this.running && Date.now() < deadline) {
      const reply = await client.send('GET', '/readyz').catch(() => null);
      if (reply?.status === 200) return;
      await sleep(100);
    }
    const what = this.running ? `is not ready after ${readySeconds} s` : 'ended before it was ready';
    throw new ServiceError(`the service ${what}; the end of its log:\n${this.lastLogLines()}`);
  }

  private lastLogLines(): string {
    const log = readFileSync(this.logFile).subarray(this.logStart).toString('utf8').trimEnd();
    return log.split('\n').slice(-15).map(readableLogLine).join('\n');
  }
}

/** The message of a line of the service's log with its reason or error; any other line as it is. */
function readableLogLine(line: string): string {
  try {
    const { msg, reason, err } = JSON.parse(line) as { msg?: string; reason?: string; err?: { message?: string } };
    return [msg, reason, err?.message].filter((text) => text !== undefined).join(': ');
  } catch {
    return line;
  }
}

/**
 * The port to serve on, known to be free; any free one for 0. Throws `ServiceError` where somebody has it, which a
 * kubepass that runs already most often is.
 */
export async function freePort(host: string, port: number): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.on('error', (error: NodeJS.ErrnoException) => {
      const text =
        error.code === 'EADDRINUSE'
          ? `port ${port} on ${host} is taken: is kubepass running already? Stop that, or choose another: KUBEPASS_PORT=8081 npm run quickstart\n(with another KUBEPASS_DATA_DIR too: one data dir serves one process)`
          : `cannot listen on ${host}, port ${port}: ${error.message}`;
      reject(new ServiceError(text));
    });
    probe.listen(port, host, () => {
      const chosen = (probe.address() as AddressInfo).port;
      probe.close(() => {
        resolve(chosen);
      });
    });
  });
}
