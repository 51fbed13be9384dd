import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { run } from './run.js';
import type { SoftHsm } from './soft-hsm.js';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** An agent of others, as a process that a test may stop, continue and kill. */
class AgentProcess {
  #child: ChildProcess | null = null;

  constructor(
    /** Its socket. */
    readonly path: string,
    private readonly command: string,
    private readonly args: readonly string[],
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it, also after it ended, and resolves when it takes connections. */
  async start(): Promise<void> {
    rmSync(this.path, { force: true });
    const child = spawn(this.command, this.args, { stdio: 'ignore', env: { ...process.env, ...this.environment } });
    running.add(child);
    child.once('exit', () => running.delete(child));
    await once(child, 'spawn');
    this.#child = child;
    const deadline = performance.now() + 60_000;
    while (!(await takesConnections(this.path))) {
      if (child.exitCode !== null || performance.now() > deadline) throw new Error(`${this.command} does not listen`);
      await sleep(20);
    }
  }

  /** Stops it as SIGSTOP does: it keeps its connections and answers nothing. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    // A process that is paused ends after it goes on.
    child.kill('SIGCONT');
    await exit;
  }
}

function takesConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** OpenSSH's agent. */
export class SshAgent extends AgentProcess {
  constructor(private readonly folder: string) {
    const path = join(folder, 'agent.sock');
    // The configuration is there once a token is added: the library of the token reads it then.
    super(path, 'ssh-agent', ['-D', '-a', path], { SOFTHSM2_CONF: join(folder, 'softhsm2.conf') });
  }

  /** Gives it the keys of a token. */
  async addToken(hsm: SoftHsm): Promise<void> {
    copyFileSync(hsm.configuration, join(this.folder, 'softhsm2.conf'));
    const askpass = join(this.folder, 'askpass');
    writeFileSync(askpass, `#!/bin/sh\necho ${hsm.pin}\n`, { mode: 0o700 });
    await this.#add(['-s', hsm.library], { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' });
  }

  /** Gives it a private key from a file without a passphrase that only its owner can read. The file is its comment. */
  async addKeyFile(file: string): Promise<void> {
    await this.#add([file]);
  }

  /** Takes the keys of a token from it; `ssh-add -D` would leave the library, and the agent takes no library twice. */
  async removeToken(hsm: SoftHsm): Promise<void> {
    await this.#add(['-e', hsm.library]);
  }

  /** Kills the programs in which it has loaded the libraries of tokens. */
  async killHelpers(): Promise<void> {
    await run('pkill', ['-KILL', '-P', this.pid.toString()]);
  }

  /** The public keys as `ssh-add -L` shows them. */
  listKeys(): Promise<string> {
    return this.#add(['-L']);
  }

  #add(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<string> {
    return run('ssh-add', args, { SSH_AUTH_SOCK: this.path, ...environment });
  }
}

/** An agent of OpenSSH on a socket of its own. `remove` ends it and takes its folder away. */
export async function startAgent(): Promise<SshAgent & { remove(): Promise<void> }> {
  const folder = temporaryDirectory();
  const agent = new SshAgent(folder.path);
  await agent.start();
  return Object.assign(agent, {
    async remove() {
      await agent.kill();
      folder.remove();
    },
  });
}

/** The agent before a KMS. `kms`: its URI, such as `softkms:`; `keys`: the URIs of the keys. */
export async function startKmsAgent(
  program: string,
  kms: string,
  keys: readonly string[],
): Promise<AgentProcess & { remove(): Promise<void> }> {
  const folder = temporaryDirectory();
  const path = join(folder.path, 'agent.sock');
  const agent = new AgentProcess(path, program, [path, kms, ...keys], {});
  await agent.start();
  return Object.assign(agent, {
    async remove() {
      await agent.kill();
      folder.remove();
    },
  });
}
