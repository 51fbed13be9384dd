import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The service of a test serves `dist/console/`: it is built once, before all files. */
export function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build-console.mjs', import.meta.url))]);
}
