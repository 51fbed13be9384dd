// Tests test/cluster/process-guard.ts
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { describeControlPlane } from './suite.js';

const guarded = fileURLToPath(new URL('guarded-process.ts', import.meta.url));

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describeControlPlane('a guarded process', () => {
  it('ends with the process that started it, even if that is killed with SIGKILL, and its directory is removed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kubepass-test-'));
    const parent = spawn(process.execPath, ['--import', 'tsx', guarded, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output);
    expect(isRunning(pid)).toBe(true);

    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), 10_000);
    await vi.waitFor(() => expect(existsSync(directory)).toBe(false), 10_000);
  });
});
