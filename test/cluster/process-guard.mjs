// usage: node process-guard.mjs DIRECTORY
// Reads `+PID` and `-PID` lines. When its input ends, which it does however its parent ended, kills the processes
// that are still listed and removes the directory.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [directory] = process.argv.slice(2);
const pids = new Set();

for await (const line of createInterface({ input: process.stdin })) {
  const pid = Number(line.slice(1));
  if (line.startsWith('+')) pids.add(pid);
  else pids.delete(pid);
}
for (const pid of pids) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended, and its parent had no time left to report it.
  }
}
// A process that is being killed may still write.
rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
