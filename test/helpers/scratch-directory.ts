import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Linux keeps files in memory, and how many octets must be free there. */
const [memory, neededOctets] = ['/dev/shm', 2 ** 30];

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= neededOctets;
  } catch {
    return false;
  }
}

/**
 * The temporary directories of tests lie in one, which is removed behind the last test with everything that was left in
 * it. It is in memory where there is room, because every commit waits for a disk. The workers inherit the variable.
 */
export function setup(): () => void {
  const path = mkdtempSync(join(hasRoom(memory) ? memory : tmpdir(), 'kubepass-tests-'));
  // Some tests read as another user.
  chmodSync(path, 0o711);
  process.env['TMPDIR'] = path;
  return () => rmSync(path, { recursive: true, force: true });
}
