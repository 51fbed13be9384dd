import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import { isExecutable } from '../../scripts/executables.js';

/** Undefined if there is none; browser tests are then skipped. */
export const chromiumPath = [process.env['CHROMIUM_PATH'], '/usr/bin/chromium'].find(
  (path) => path && isExecutable(path),
);
if (chromiumPath === undefined) console.warn('no chromium here (set CHROMIUM_PATH): the browser tests are skipped');

/** The folder for screenshots of tests; not in the repository. */
export const screenshots = fileURLToPath(new URL('./screenshots/', import.meta.url));

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      // The sandbox cannot be built as root, because root has no user namespace. The test opens only our own page.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
