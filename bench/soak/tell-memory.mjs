// The service loads this file with --import. On SIGUSR2 it collects garbage and writes its memory usage as one JSON
// line to the file that SOAK_MEMORY_FILE names.
import { appendFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const file = process.env['SOAK_MEMORY_FILE'];
if (isMainThread && file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  process.on('SIGUSR2', () => {
    collect();
    collect();
    appendFileSync(file, `${JSON.stringify(process.memoryUsage())}\n`);
  });
}
