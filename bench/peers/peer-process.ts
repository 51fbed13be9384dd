import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection, type Target } from '../load/http-connection.js';

const readySeconds = 30;
/** How often a started server is asked whether it accepts connections. It is also how exact a measured start is. */
const everyMilliseconds = 10;

/** A server of another project as a child process; its output goes to a file. */
export class PeerProcess {
  private readonly child: ChildProcess;
  private readonly began = performance.now();

  constructor(
    private readonly program: string,
    args: readonly string[],
    private readonly logFile: string,
  ) {
    const log = openSync(logFile, 'a', 0o600);
    this.child = spawn(program, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    // It does not outlive this process, even if an exception ends this one.
    const end = () => this.child.kill('SIGKILL');
    process.on('exit', end);
    this.child.on('exit', () => process.off('exit', end));
  }

  get pid(): number {
    return this.child.pid ?? NaN;
  }

  /** Waits until it accepts connections, and returns the milliseconds from its start. */
  async untilReady(target: Target): Promise<number> {
    const deadline = performance.now() + readySeconds * 1000;
    while (this.child.exitCode === null && performance.now() < deadline) {
      const connection = await HttpConnection.open(target).catch(() => null);
      connection?.close();
      if (connection) return performance.now() - this.began;
      await sleep(everyMilliseconds);
    }
    const said = readFileSync(this.logFile, 'utf8').slice(-2000);
    throw new Error(`${this.program} does not serve on port ${target.port}:\n${said}`);
  }

  /** Holds it, so that it is idle while another one has its turn. */
  hold(): void {
    this.child.kill('SIGSTOP');
  }

  release(): void {
    this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.release();
    this.child.kill('SIGTERM');
    await ended;
  }
}
