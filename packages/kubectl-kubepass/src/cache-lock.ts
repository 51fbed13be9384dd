import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@kubepass/x509';
import type { CredentialCache } from './credential-cache.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import { readRegularFile, unfinishedName } from './files.js';

/** Nobody holds the lock for longer: whoever waits takes it over then. */
export const longestHoldMilliseconds = 10_000;
const pollMilliseconds = 25;

type LockMachine = Pick<Machine, 'processId' | 'isRunning' | 'elapsed' | 'sleep'>;

interface HeldLock {
  release(): void;
}

/**
 * Lets one process at a time ask kubepass, by a file that is there while it works. The lock of a process that died is
 * taken over at once; on another machine, which shares the home directory, once it is as old as nobody holds one.
 */
export class CacheLock {
  readonly #path: string;
  readonly #longestHold: number;

  constructor(
    directory: string,
    private readonly machine: LockMachine,
    {
      name = 'lock',
      longestHold = longestHoldMilliseconds,
    }: { readonly name?: string; readonly longestHold?: number } = {},
  ) {
    this.#path = join(directory, name);
    this.#longestHold = longestHold;
  }

  /** The lock; null where another process holds it that lives, and has not held it for too long. */
  tryAcquire(): HeldLock | null {
    const held = this.#takeFree();
    if (held !== null) return held;
    const holder = this.#holder();
    return holder !== null && this.#isOverdue() ? this.#takeOver(holder) : null;
  }

  #takeFree(): HeldLock | null {
    const holder = this.#holder();
    if (holder === null) return this.#take();
    return this.#isDead(holder) ? this.#takeOver(holder) : null;
  }

  /**
   * Left by a process of another machine, or one whose number another process has now. The clock is that of the file
   * system.
   */
  #isOverdue(): boolean {
    if (this.#longestHold === Infinity) return false;
    const { file } = this.#write();
    try {
      return lstatSync(file).mtimeMs - lstatSync(this.#path).mtimeMs >= this.#longestHold;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    } finally {
      rmSync(file, { force: true });
    }
  }

  /** Waits for the lock. Somebody else had it, so the work may be done. */
  async acquire(): Promise<HeldLock> {
    const atOnce = this.tryAcquire();
    if (atOnce !== null) return atOnce;
    const { elapsed, sleep } = this.machine;
    let seen: string | null = null;
    let since = elapsed();
    for (;;) {
      const held = this.#takeFree();
      if (held !== null) return held;
      const holder = this.#holder();
      if (holder !== seen) {
        seen = holder;
        since = elapsed();
      } else if (holder !== null && elapsed() - since >= this.#longestHold) {
        const taken = this.#takeOver(holder);
        if (taken !== null) return taken;
      }
      await sleep(pollMilliseconds);
    }
  }

  #holder(): string | null {
    try {
      return readLock(this.#path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      // kubectl's own lock of a kubeconfig has mode 0: somebody holds it, and nobody knows who. A link and a pipe are
      // no lock of ours.
      if (error instanceof PluginError || ['EACCES', 'EPERM'].includes(String(codeOf(error)))) return '';
      throw error;
    }
  }

  #isDead(holder: string): boolean {
    const [host, process] = holder.split(' ');
    return host === hostname() && /^\d+$/.test(process ?? '') && !this.machine.isRunning(Number(process));
  }

  /** Links a complete file to the name: a lock is never seen without its holder in it. */
  #take(): HeldLock | null {
    const mine = this.#write();
    try {
      linkSync(mine.file, this.#path);
      return this.#held(mine.text);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return null;
      throw error;
    } finally {
      rmSync(mine.file, { force: true });
    }
  }

  /**
   * Takes the place of this holder and of no other one: a second file, named after the holder, is made by one process
   * alone, and that one replaces the lock.
   */
  #takeOver(holder: string): HeldLock | null {
    const mine = this.#write();
    const claim = `${this.#path}.${holder.split(' ')[2] ?? 'unknown'}.tmp`;
    try {
      linkSync(mine.file, claim);
    } catch (error) {
      rmSync(mine.file, { force: true });
      if (codeOf(error) !== 'EEXIST') throw error;
      // The maker of the claim died before it replaced the lock.
      const claimed = readOrEmpty(claim);
      if (claimed !== '' && this.#isDead(claimed) && this.#holder() === holder) rmSync(claim, { force: true });
      return null;
    }
    try {
      if (this.#holder() !== holder) {
        rmSync(mine.file, { force: true });
        return null;
      }
      renameSync(mine.file, this.#path);
      return this.#held(mine.text);
    } finally {
      rmSync(claim, { force: true });
    }
  }

  #write(): { readonly file: string; readonly text: string } {
    const id = randomBytes(8).toString('hex');
    const text = `${hostname()} ${this.machine.processId} ${id}`;
    const file = unfinishedName(this.#path);
    try {
      writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      // A full disk has room for an empty file, and kubectl calls six times for one command.
      rmSync(file, { force: true });
      throw error;
    }
    return { file, text };
  }

  #held(text: string): HeldLock {
    return {
      // Somebody may have taken it over meanwhile: theirs stays.
      release: () => {
        if (this.#holder() === text) rmSync(this.#path, { force: true });
      },
    };
  }
}

/** Does this while no kubectl renews the credential of this cache: it would be there again, or another one. */
export async function underLock<T>(cache: CredentialCache, machine: LockMachine, act: () => Promise<T>): Promise<T> {
  cache.prepare();
  const held = await new CacheLock(cache.directory, machine).acquire();
  try {
    return await act();
  } finally {
    held.release();
  }
}

const readLock = (path: string): string => readRegularFile(path, () => undefined);

function readOrEmpty(path: string): string {
  try {
    return readLock(path);
  } catch {
    return '';
  }
}
