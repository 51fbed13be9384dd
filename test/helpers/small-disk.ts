import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '@kubepass/x509';

/** A file system of a few MiB in memory that a test can fill up. */
export interface SmallDisk {
  readonly path: string;
  /** Takes all space that is left, repeatedly if somebody frees some. */
  fill(): void;
  /** Gives back the space that `fill` took. */
  free(): void;
  /** Nobody may have a file open on it any more. */
  remove(): void;
}

/** Mounts one, or returns the reason why not. Mounting is only allowed as root on Linux. */
export function mountSmallDisk(mebibytes: number): SmallDisk | { readonly unavailable: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { unavailable: 'only root can mount a tmpfs, and only on Linux' };
  const path = mkdtempSync(join(tmpdir(), 'kubepass-disk-'));
  const options = `size=${String(mebibytes)}m,mode=0755`;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { encoding: 'utf8' });
  if (mounted.status !== 0) {
    rmdirSync(path);
    return { unavailable: `no tmpfs can be mounted: ${mounted.stderr.trim() || String(mounted.error?.message)}` };
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (const size of [1 << 20, 1 << 12, 1]) fillWith(file, Buffer.alloc(size));
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    remove() {
      const unmounted = spawnSync('umount', [path], { encoding: 'utf8' });
      if (unmounted.status !== 0) throw new Error(`${path} cannot be unmounted: ${unmounted.stderr}`);
      rmdirSync(path);
    },
  };
}

function fillWith(file: number, piece: Buffer): void {
  for (;;)
    try {
      if (writeSync(file, piece) < piece.length) return;
    } catch (error) {
      if (codeOf(error) === 'ENOSPC') return;
      throw error;
    }
}
