import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('process-guard.mjs', import.meta.url));

/**
 * Ensures that processes and their directory do not outlive this process, even if it is killed with SIGKILL. The guard
 * is a separate process, so neither Ctrl-C nor a signal to our process group reaches it.
 */
export class ProcessGuard {
  private readonly guard;
  private readonly exits: Promise<unknown>[] = [];

  constructor(directory: string) {
    this.guard = spawn(process.execPath, [script, directory], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
    this.guard.unref();
    // If the guard is gone, `end` shows it. A write to it must not end the tests.
    this.guard.stdin.on('error', () => undefined);
  }

  watch(child: ChildProcess): void {
    const pid = child.pid;
    if (pid === undefined) return;
    this.guard.stdin.write(`+${pid}\n`);
    const exit = once(child, 'exit');
    this.exits.push(exit);
    void exit.then(() => this.guard.stdin.write(`-${pid}\n`));
  }

  /** Kills the processes that are still watched, and removes the directory. */
  async end(): Promise<void> {
    if (this.guard.exitCode !== null) return;
    this.guard.ref();
    const exit = once(this.guard, 'exit');
    this.guard.stdin.end();
    await Promise.all([exit, ...this.exits]);
  }
}
