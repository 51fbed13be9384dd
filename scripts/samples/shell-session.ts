import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The shells that a reader pastes into, and how they are started. Bash ends at the first command that fails. Zsh is
 * interactive, as on a terminal: there it passes `#` on as an argument, which it does in no script. It ends at the
 * first failure too, by the trap. In both a pipe fails with each of its commands. Neither reads the settings of who
 * runs this.
 */
const shells = {
  bash: { command: ['bash', '--norc', '--noprofile', '-e', '-o', 'pipefail', '-s'], first: '' },
  zsh: { command: ['zsh', '-f', '-i'], first: "PS1= PS2=\nsetopt pipe_fail\ntrap 'exit $?' ZERR\n" },
} as const;

export type ShellName = keyof typeof shells;
export const shellNames = Object.keys(shells) as ShellName[];

/** The octet that separates the output of one block from that of the next. No command prints it. */
const separator = '\x1e';

export class ShellFailure extends Error {
  override readonly name = 'ShellFailure';
}

/** A terminal with one shell in it, which runs the lines that are pasted. */
export class ShellSession {
  private readonly child: ChildProcess;
  private output = '';
  private errors = '';
  private ended = false;

  constructor(
    shell: ShellName,
    options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
  ) {
    const { command, first } = shells[shell];
    // It leads a process group, so that Ctrl-C reaches all that it started.
    this.child = spawn(command[0], command.slice(1), { ...options, stdio: 'pipe', detached: true });
    this.child.on('error', (error) => {
      this.errors += `${error.message}\n`;
      this.ended = true;
    });
    this.child.on('close', () => (this.ended = true));
    this.child.stdin?.on('error', () => undefined); // a shell that has ended reads no more
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.child.stdin?.write(first);
  }

  /** Runs the lines to their end, and returns what they print. Throws `ShellFailure` if one of them fails. */
  async paste(lines: string, seconds = 120): Promise<string> {
    this.child.stdin?.write(`${lines}\nprintf '\\036'\n`);
    await this.until(() => this.output.includes(separator), seconds);
    const end = this.output.indexOf(separator);
    const printed = this.output.slice(0, end);
    this.output = this.output.slice(end + 1);
    // An interactive shell goes on after a line that it cannot read.
    if (/^(?:zsh|bash):/m.test(this.errors)) throw this.failure('a line was not understood');
    return printed;
  }

  /** Starts the lines, and waits until what they start is ready. Returns what they have printed until then. */
  async serve(lines: string, ready: (printed: string) => Promise<boolean>, seconds = 240): Promise<string> {
    this.child.stdin?.write(`${lines}\n`);
    const deadline = Date.now() + seconds * 1000;
    while (!(await ready(this.output))) {
      if (this.ended || Date.now() > deadline) throw this.failure('it does not serve');
      await sleep(100);
    }
    return this.output;
  }

  /** Presses Ctrl-C, and closes the terminal. Throws `ShellFailure` if something still runs after 30 s. */
  async close(): Promise<void> {
    this.interrupt('SIGINT');
    this.child.stdin?.end();
    try {
      await this.until(() => this.ended, 30);
    } finally {
      this.interrupt('SIGKILL');
    }
  }

  private interrupt(signal: NodeJS.Signals): void {
    if (this.child.pid === undefined || this.ended) return;
    process.kill(-this.child.pid, signal);
  }

  private async until(done: () => boolean, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!done()) {
      if (this.ended) throw this.failure('a command failed, and the shell ended');
      if (Date.now() > deadline) throw this.failure(`there is no end after ${seconds} s`);
      await sleep(10);
    }
  }

  private failure(reason: string): ShellFailure {
    return new ShellFailure(`${reason}\n${this.output}${this.errors}`.trimEnd());
  }
}
