import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessGuard } from './process-guard.js';

/** The time until a process must be ready. A loaded machine with two cores needs half a minute. */
const READY_SECONDS = 120;
const LOG_LINES = 30;

/** A program that runs beside the tests and writes to a log file. */
export class BackgroundProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {}

  /**
   * Starts a program and waits until `isReady`, which may also throw. Throws an `Error` with the end of the log if the
   * program ends before that or takes longer than two minutes.
   */
  static async start(options: {
    readonly command: string;
    readonly flags: Flags;
    readonly directory: string;
    readonly guard: ProcessGuard;
    readonly isReady: () => Promise<boolean>;
  }): Promise<BackgroundProcess> {
    const logFile = `${options.directory}/${basename(options.command)}.log`;
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(options.command, writeFlags(options.flags), {
      cwd: options.directory,
      // Only these variables: etcd reads any ETCD_* variable as a flag, and client-go follows KUBECONFIG and proxies.
      env: { PATH: process.env['PATH'], HOME: options.directory },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    options.guard.watch(child);
    await once(child, 'spawn');
    const started = new BackgroundProcess(child, logFile);
    await started.untilReady(options.isReady);
    return started;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Ends it at once, as a crash does. An API server that is asked to end would wait a minute for its clients. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  private async untilReady(isReady: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_SECONDS * 1000;
    while (this.isRunning && performance.now() < deadline) {
      if (await isReady().catch(() => false)) return;
      await sleep(100);
    }
    const problem = this.isRunning ? `is not ready after ${READY_SECONDS} s` : 'ended before it was ready';
    throw new Error(`${basename(this.child.spawnfile)} ${problem}; the end of its log:\n${this.lastLogLines()}`);
  }

  private lastLogLines(): string {
    return readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');
  }
}

/** Flags by name, without dashes; null leaves one out. */
export type Flags = Readonly<Record<string, string | null>>;

const writeFlags = (flags: Flags): string[] =>
  Object.entries(flags).flatMap(([name, value]) => (value === null ? [] : [`--${name}=${value}`]));
