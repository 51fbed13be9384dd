import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fchmodSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ApiClient } from './api-client.js';

/** An error with a message that is complete for people; a stack trace would add nothing. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
}

/**
 * Runs the service's sources with the loader that runs this script. The paths are absolute, because the working
 * directory may be anywhere.
 */
export const fromSources = [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
  fileURLToPath(new URL('../../src/programs/kubepass.ts', import.meta.url)),
  'serve',
] as const;

/** The settings by which `tsx` finds our packages; without it, it looks in the working directory. */
const tsconfig = fileURLToPath(new URL('../../tsconfig.json', import.meta.url));

/** The longest time that the service may take until it is ready. */
const readySeconds = 60;

/** The service as a child in its own process group. A Ctrl-C then reaches it once, through the quickstart. */
export class ServiceProcess {
  /** The exit code; 128 plus the signal's number if a signal ended it. */
  readonly ended: Promise<number>;
  wasSignalled = false;
  private running = true;
  private readonly child: ChildProcess;
  private readonly logStart: number;

  /** `program`: the program for Node instead of the sources. `node`: another Node than the current one. */
  constructor(
    environment: Readonly<Record<string, string>>,
    private readonly logFile: string,
    program: readonly string[] = fromSources,
    node = process.execPath,
  ) {
    // The log is opened for appending: another quickstart may write to it, and this one will then find its data dir
    // locked.
    const log = openSync(logFile, 'a', 0o600);
    fchmodSync(log, 0o600);
    this.logStart = fstatSync(log).size;
    this.child = spawn(node, program, {
      env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig, ...environment },
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    // No child outlives this process, even if an exception ends it.
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

  /** Makes the service read its TLS files and its policies again. */
  reload(): void {
    this.child.kill('SIGHUP');
  }

  /** Ends the service if it still runs, and returns its exit code. */
  async stop(): Promise<number> {
    if (this.running) this.child.kill('SIGTERM');
    return this.ended;
  }

  async untilReady(client: ApiClient, everyMilliseconds = 100): Promise<void> {
    const deadline = Date.now() + readySeconds * 1000;
    while (this.running && Date.now() < deadline) {
      const reply = await client.send('GET', '/readyz').catch(() => null);
      if (reply?.status === 200) return;
      await sleep(everyMilliseconds);
    }
    const what = this.running ? `is not ready after ${readySeconds} s` : 'ended before it was ready';
    throw new ServiceError(`the service ${what}; the end of its log:\n${this.lastLogLines()}`);
  }

  private lastLogLines(): string {
    const log = readFileSync(this.logFile).subarray(this.logStart).toString('utf8').trimEnd();
    return log.split('\n').slice(-15).map(readableLogLine).join('\n');
  }
}

/** Shortens a line of the service's log to its message with reason or error; other lines stay as they are. */
function readableLogLine(line: string): string {
  try {
    const { msg, reason, err } = JSON.parse(line) as { msg?: string; reason?: string; err?: { message?: string } };
    return [msg, reason, err?.message].filter((text) => text !== undefined).join(': ');
  } catch {
    return line;
  }
}

/**
 * A port that is known to be free; any free port for 0. Throws `ServiceError` if the port is taken, most often by
 * another kubepass.
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
